/** The table editor of dmn-js, fetched when a decision table is opened. */
import '../styles/dmn.css';
import DecisionTableEditor from 'dmn-js-decision-table/lib/Editor';
import EditingManager, { type View } from 'dmn-js-shared/lib/base/EditingManager';
import { translateModule } from './zh.ts';

const isTable = (element: View['element']) => element.$type === 'dmn:Decision' && element.decisionLogic?.$type === 'dmn:DecisionTable';

/** Tables only: what the engine decides by (kernel/dmn). */
export class Editor extends EditingManager {
  constructor(container: HTMLElement) {
    super({ container, common: { dataTypes: ['string', 'number', 'boolean', 'date'] }, decisionTable: { additionalModules: [translateModule] } });
  }

  override _getViewProviders(): unknown[] {
    return [{ id: 'decisionTable', constructor: DecisionTableEditor, opens: isTable }];
  }
}
