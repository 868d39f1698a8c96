/** What of dmn-js and bpmn-moddle, which have no types, is used here. */
declare module 'dmn-js-shared/lib/base/EditingManager' {
  export interface View {
    id: string;
    name?: string;
    type: string;
    element: { id: string; $type: string; decisionLogic?: { $type: string } };
  }
  export default class EditingManager {
    constructor(options: Record<string, unknown>);
    importXML(xml: string, options?: { open?: boolean }): Promise<{ warnings: unknown[] }>;
    saveXML(options?: { format?: boolean }): Promise<{ xml: string }>;
    getViews(): View[];
    open(view: View): Promise<unknown>;
    on(event: string, then: (event: { viewer: { on(event: string, then: () => void): void } }) => void): void;
    destroy(): void;
    _getViewProviders(): unknown[];
  }
}
declare module 'dmn-js-decision-table/lib/Editor' {
  const Editor: new (options: unknown) => unknown;
  export default Editor;
}
declare module 'bpmn-moddle' {
  export class BpmnModdle {
    constructor(packages: Record<string, unknown>);
    fromXML(xml: string): Promise<{ rootElement: unknown; warnings: unknown[] }>;
    toXML(root: never, options: { format: boolean }): Promise<{ xml: string }>;
  }
}
