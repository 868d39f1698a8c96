/**
 * <sz-bpmn>: BPMN and decision tables for specialists, drawn with bpmn-js and dmn-js (their watermark stays). Reads from its JSON
 * block `bpmn`, `tables`, `version`, addresses, what rules may name, faults and doubts; draws into `[data-process]`; keeps every change:
 *   PUT {saveUrl} {"version", "bpmn", "tables"} → 200 {"version", "faults", "doubts"} · 409 {"version", "bpmn", "tables"} · 422 {"message", "faults"}
 * Faults are marked on the canvas. Steps are set up in our own panel, the one of the simple designer (process/panel.ts).
 */
import './styles/bpmn.css';
import Modeler from 'bpmn-js/lib/Modeler';
import { ask } from './lib/confirm.ts';
import { type Answer, Draft, type Keeping } from './lib/draft.ts';
import { above, define, el, icon, Island, settle } from './lib/island.ts';
import { t } from './lib/words.ts';
import { Tables } from './process/dmn.ts';
import { type Bench, type Callable, elementPanel } from './process/elements.ts';
import { begun, checkList, type Finding, holdPublishing, standing, type Told } from './process/findings.ts';
import { type Element, type Factory, processOf, processProperties, type Properties, stepOf, stepProperties } from './process/moddle.ts';
import { freeCode, type Process, renaming, type Step } from './process/model.ts';
import { fieldPanel, type Host, type Picked, processPanel, stepPanel } from './process/panel.ts';
import type { Offered } from './process/rules.ts';
import { saySpecial } from './process/special.ts';
import descriptor from './process/sz.json';
import { say } from './process/words.ts';
import { translateModule } from './process/zh.ts';
import { toast } from './sz-toast.ts';

interface Data extends Offered, Told {
  bpmn: string;
  tables: Record<string, string>;
  version: number;
  saveUrl: string;
  place: string;
  callable: Callable[];
}
interface Shape {
  id: string;
  type: string;
  businessObject: Element;
  labelTarget?: Shape;
}
interface Overlays {
  add(id: string, type: string, overlay: unknown): string;
  remove(filter: { type: string }): void;
}
interface Canvas {
  zoom(how: string | number, center?: string): number;
  getRootElement(): Shape;
  addMarker(id: string, css: string): void;
  removeMarker(id: string, css: string): void;
  scrollToElement(shape: Shape): void;
}
interface Registry {
  get(id: string): Shape | undefined;
  filter(test: (shape: Shape) => boolean): Shape[];
}
interface Modeling {
  updateProperties(shape: Shape, properties: Properties): void;
  updateModdleProperties(shape: Shape, on: Element, properties: Properties): void;
}

const HUMAN = new Set(['bpmn:UserTask', 'bpmn:ManualTask', 'bpmn:Task']);
/** What the engine does not run is not offered (base/flows/bpmn/reading.py). */
const UNKNOWN = /complex|transaction|ad-hoc|compensation|cancel|link-|conditional-(start|inter|bound)|instantiat|service-task|data-|participant|message-end/;

export class SzBpmn extends Island implements Host {
  process!: Process;
  of!: Offered;
  #told!: Told;
  #draft!: Draft;
  #modeler!: Modeler;
  #bpmn = '';
  #tables!: Tables;
  #callable: Callable[] = [];
  #chosen: Shape | null = null;
  #field = '';
  #writing = false;
  #loading = true;
  #marked: string[] = [];
  #untaken = false;
  #take = settle(300, () => void (this.#untaken && this.#taken()));

  protected override start(): void {
    const source = this.find('script[type="application/json"]');
    const place = this.find('[data-process]');
    if (!source || !place) return;
    const data = JSON.parse(source.textContent ?? '') as Data;
    this.of = this.#told = data;
    this.#callable = data.callable;
    const keeping: Keeping = {
      place: `${data.place}:bpmn`, url: data.saveUrl, version: data.version, method: 'PUT', body: () => ({ bpmn: this.#bpmn, tables: this.#tables.texts }),
      catchUp: () => (this.#untaken ? this.#taken() : null), took: (answer) => this.#took(answer, keeping), clash: (answer) => this.#clash(answer, keeping), refused: (answer) => this.#hear({ ...this.#told, faults: (answer['faults'] as Finding[] | undefined) ?? [] }),
    }; // prettier-ignore
    this.#draft = new Draft(keeping);
    const kept = this.#draft.kept() as { bpmn: string; tables: Record<string, string> } | null;
    const canvas = el('div', { class: 'bp-canvas', 'aria-label': saySpecial('canvas') });
    this.#tables = new Tables(kept?.tables ?? data.tables, () => this.#draft.changed());
    const tabs = (['canvas', 'tables'] as const).map((tab) => el('button', { type: 'button', 'data-tab': tab, 'aria-pressed': String(tab === 'canvas') }, saySpecial(tab)));
    const fit = el('button', { class: 'btn btn-quiet btn-sm', type: 'button', 'data-fit': '' }, icon('maximize'), saySpecial('fit'));
    const main = el('div', { class: 'bp-main sz-card' }, el('div', { class: 'fd-bar' }, el('div', { class: 'sz-seg', role: 'group' }, ...tabs), el('span', { class: 'push' }), fit), canvas, this.#tables.place);
    const side = el('aside', { class: 'fd-side sz-card', 'aria-label': say('settings') });
    place.replaceChildren(el('div', { class: 'bp' }, main, el('div', { class: 'bp-side' }, side, el('section', { class: 'sz-card bp-checks', 'aria-live': 'polite' }))));
    this.#modeler = new Modeler({ container: canvas, additionalModules: [translateModule, this.#offering()], moddleExtensions: { sz: descriptor } });
    this.listen(this, 'click', (event) => this.#click(event));
    this.listen(window, 'online', () => void this.#draft.flush());
    holdPublishing(this, this.#draft, () => this.#told);
    this.#modeler.on('selection.changed', (event: { newSelection: Shape[] }) => this.#select(event.newSelection));
    this.#modeler.on('commandStack.changed', () => this.#moved());
    void this.#open(kept?.bpmn ?? data.bpmn);
  }

  protected override stop(): void {
    this.#modeler?.destroy();
  }

  async #open(bpmn: string): Promise<void> {
    this.#bpmn = bpmn;
    this.#loading = true;
    try {
      await this.#modeler.importXML(bpmn);
      this.#fit();
    } catch (fault) {
      toast({ text: saySpecial('bpmnFailed', { why: fault instanceof Error ? fault.message : String(fault) }), level: 'error' });
    }
    this.#loading = false;
    this.#read();
    this.redraw();
    this.#hear(this.#told);
  }

  /** The whole drawing, with room round it. */
  #fit(): void {
    const canvas = this.#get<Canvas>('canvas');
    canvas.zoom(Math.min(1, canvas.zoom('fit-viewport', 'auto') * 0.9), 'auto');
  }

  #get<T>(name: string): T {
    return this.#modeler.get<T>(name);
  }

  /** Leaves out of the menus what the engine does not run. */
  #offering() {
    type Menu = { registerProvider(id: string, priority: number, provider: unknown): void };
    class Offering {
      static $inject = ['popupMenu'];
      constructor(menu: Menu) {
        menu.registerProvider('bpmn-replace', 100, {
          getPopupMenuEntries: () => (entries: Record<string, unknown>) => Object.fromEntries(Object.entries(entries).filter(([id]) => !UNKNOWN.test(id))),
        });
      }
    }
    return { __init__: ['szOffering'], szOffering: ['type', Offering] as ['type', typeof Offering] };
  }

  // What is drawn, as the panel speaks of it

  /** The process that the drawing is about: the root, or the first pool's. */
  #root(): { shape: Shape; process: Element } {
    const shape = this.#get<Canvas>('canvas').getRootElement();
    if (shape.businessObject.$type === 'bpmn:Process') return { shape, process: shape.businessObject };
    const pool = this.#get<Registry>('elementRegistry').filter((s) => s.type === 'bpmn:Participant' && Boolean(s.businessObject.get('processRef')))[0];
    return { shape: pool ?? shape, process: (pool?.businessObject.get('processRef') as Element | undefined) ?? shape.businessObject };
  }

  #read(): void {
    const humans = this.#get<Registry>('elementRegistry').filter((s) => HUMAN.has(s.type)).map((s) => s.businessObject); // prettier-ignore
    this.process = processOf(this.#root().process, humans);
  }

  #select(shapes: Shape[]): void {
    const one = shapes.length === 1 ? shapes[0]! : null;
    const shape = one?.labelTarget ?? one;
    this.#chosen = shape && shape !== this.#get<Canvas>('canvas').getRootElement() ? shape : null;
    this.#field = '';
    this.redraw();
    this.find('.fd-side')?.classList.toggle('is-open', this.#chosen !== null);
  }

  /** Something changed on the canvas, or by undoing. */
  #moved(): void {
    if (this.#loading) return;
    this.#untaken = true;
    this.#take();
    if (this.#writing) return;
    this.#read();
    this.redraw();
  }

  async #taken(): Promise<void> {
    this.#untaken = false;
    const { xml } = await this.#modeler.saveXML({ format: true });
    this.#bpmn = xml ?? this.#bpmn;
    this.#draft.changed();
  }

  #write(shape: Shape, properties: Properties): void {
    this.#writing = true;
    this.#get<Modeling>('modeling').updateProperties(shape, properties);
    this.#writing = false;
  }

  #writeOn(on: Element, properties: Properties): void {
    this.#writing = true;
    const shape = this.#get<Registry>('elementRegistry').get(on.id) ?? this.#chosen ?? this.#root().shape;
    this.#get<Modeling>('modeling').updateModdleProperties(shape, on, properties);
    this.#writing = false;
  }

  #make(): Factory {
    const factory = this.#get<Factory>('bpmnFactory');
    const moddle = this.#get<Factory>('moddle');
    return { create: (type, attrs) => (type.startsWith('sz:') ? moddle.create(type, attrs) : factory.create(type, attrs)) };
  }

  // The panel's host

  changed(): void {
    const step = this.#step;
    if (this.#chosen && step) this.#write(this.#chosen, stepProperties(this.#make(), this.#chosen.businessObject, step));
    else {
      const { process } = this.#root();
      this.#writeOn(process, processProperties(this.#make(), process, this.process));
    }
  }

  #step: Step | null = null;

  pick(picked: Picked): void {
    this.#field = picked.kind === 'field' ? picked.code : '';
    this.redraw();
  }

  /** Steps, conditions and scripts follow a field that gets another code. */
  recoded(old: string, code: string): void {
    const follow = renaming(old, code);
    for (const shape of this.#get<Registry>('elementRegistry').filter((s) => !s.labelTarget)) {
      const on = shape.businessObject;
      const condition = on.$type === 'bpmn:SequenceFlow' ? (on.get('conditionExpression') as Element | undefined) : undefined;
      const body = String(condition?.get('body') ?? '');
      if (condition && follow(body) !== body) this.#write(shape, { conditionExpression: this.#make().create('bpmn:FormalExpression', { body: follow(body) }) });
      if (on.$type === 'bpmn:ScriptTask' && on.get('script')) this.#write(shape, { script: follow(String(on.get('script'))) });
      if (!HUMAN.has(on.$type)) continue;
      const step = this.process.steps.find((s): s is Step => s.id === on.id && s.type === 'step');
      if (step) this.#write(shape, stepProperties(this.#make(), on, step));
    }
  }

  redraw(): void {
    const side = this.find('.fd-side');
    if (!side || this.#loading) return;
    const key = side.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset['key'] : undefined;
    const on = this.#chosen?.businessObject;
    // a step is set up on the object that the panel holds, until something else is chosen or undone
    this.#step = on && HUMAN.has(on.$type) ? stepOf(on) : null;
    const parts = !on ? this.#formParts() : this.#step ? stepPanel(this, this.#step) : elementPanel(this.#bench(), on);
    const close = el('button', { class: 'btn btn-quiet btn-sm fd-close', type: 'button', 'data-close-side': '' }, icon('chevron-down'), say('close'));
    side.replaceChildren(el('div', { class: 'sz-card-head' }, el('h2', {}, on ? on.name || saySpecial('more') : say('settings')), close), el('div', { class: 'fd-said' }), el('div', { class: 'fd-parts' }, ...parts));
    if (key) side.querySelector<HTMLElement>(`[data-key="${key}"]`)?.focus();
    this.#drawSaid();
  }

  #formParts(): HTMLElement[] {
    const item = this.process.fields.find((f) => f.code === this.#field);
    const rows = this.process.fields.map((f) => el('button', { class: `fd-chip${f === item ? ' is-picked' : ''}`, type: 'button', 'data-field-code': f.code }, f.label || f.code));
    const add = el('button', { class: 'btn btn-sm', type: 'button', 'data-field-add': '' }, icon('plus'), saySpecial('addField'));
    const drop = el('button', { class: 'btn btn-sm btn-danger-line', type: 'button', 'data-field-drop': '' }, icon('trash'), say('remove'));
    const form = el('fieldset', { class: 'fd-field bp-form' }, el('legend', { class: 'sz-label' }, saySpecial('form')), el('div', { class: 'fd-people' }, ...rows, add));
    if (item) form.append(el('div', { class: 'bp-field' }, ...fieldPanel(this, item), drop));
    return [form, ...processPanel(this)];
  }

  #bench(): Bench {
    const chosen = this.#chosen!;
    const definitions = (this.#modeler as unknown as { getDefinitions(): Element }).getDefinitions();
    return {
      make: this.#make(), process: this.process, own: this.#root().process.id, tables: Object.keys(this.#tables.texts), callable: this.#callable,
      roots: (type) => (definitions.get('rootElements') as Element[]).filter((r) => r.$type === type),
      addRoot: (made) => this.#writeOn(definitions, { rootElements: [...(definitions.get('rootElements') as Element[]), Object.assign(made, { $parent: definitions })] }),
      write: (properties) => this.#write(chosen, properties), writeOn: (on, properties) => this.#writeOn(on, properties), redraw: () => this.redraw(),
    }; // prettier-ignore
  }

  #click(event: Event): void {
    const target = above<HTMLElement>(event, '[data-tab], [data-fit], [data-finding], [data-close-side], [data-field-code], [data-field-add], [data-field-drop]');
    if (!target) return;
    const { dataset } = target;
    if (dataset['tab']) this.#turn(dataset['tab']);
    else if (dataset['fit'] !== undefined) this.#fit();
    else if (dataset['closeSide'] !== undefined) this.find('.fd-side')?.classList.remove('is-open');
    else if (dataset['finding']) this.#goto(dataset['finding']);
    else if (dataset['fieldCode']) this.pick({ kind: 'field', code: dataset['fieldCode'] });
    else if (dataset['fieldAdd'] !== undefined) {
      const code = freeCode(this.process);
      this.process.fields.push({ code, label: say('newField', { n: this.process.fields.length + 1 }), kind: 'text' });
      this.changed();
      this.pick({ kind: 'field', code });
    } else if (dataset['fieldDrop'] !== undefined) {
      this.process.fields = this.process.fields.filter((f) => f.code !== this.#field);
      this.changed();
      this.pick({ kind: 'process' });
    }
  }

  #turn(tab: string): void {
    for (const button of this.all('[data-tab]')) button.setAttribute('aria-pressed', String(button.dataset['tab'] === tab));
    this.find('.bp')?.classList.toggle('is-tables', tab === 'tables');
    if (tab === 'tables') this.#tables.show();
  }

  #goto(id: string): void {
    const shape = this.#get<Registry>('elementRegistry').get(id);
    if (id in this.#tables.texts) {
      this.#turn('tables');
      return this.#tables.show(id);
    }
    this.#turn('canvas');
    if (!shape) return this.#get<{ select(s: Shape | null): void }>('selection').select(null);
    this.#get<{ select(s: Shape): void }>('selection').select(shape);
    this.#get<Canvas>('canvas').scrollToElement(shape);
  }

  // With the server

  #took(answer: Answer, keeping: Keeping): void {
    begun(answer, keeping);
    this.#hear({ ...this.#told, ...(answer as unknown as Told), isDraft: true });
  }

  async #clash(answer: Answer, keeping: Keeping): Promise<boolean> {
    const list = [saySpecial('mine'), saySpecial('theirs')];
    const mine = await ask({ title: answer.message ?? '', list, verb: t('keepMine'), keep: t('takeTheirs') });
    keeping.url = (answer['saveUrl'] as string | undefined) ?? keeping.url;
    if (mine) return true;
    this.#tables.take(answer['tables'] as Record<string, string>);
    await this.#open(answer['bpmn'] as string);
    return false;
  }

  /** Faults and doubts: on the canvas, in the panel, in the list, beside the button. */
  #hear(told: Told): void {
    this.#told = told;
    const overlays = this.#get<Overlays>('overlays');
    const canvas = this.#get<Canvas>('canvas');
    const registry = this.#get<Registry>('elementRegistry');
    overlays.remove({ type: 'sz-fault' });
    for (const id of this.#marked.splice(0)) if (registry.get(id)) canvas.removeMarker(id, 'is-fault');
    for (const [list, fault] of [[told.faults, true], [told.doubts, false]] as const) {
      for (const { id, message } of list) {
        if (!registry.get(id) || id === canvas.getRootElement().id) continue;
        const badge = el('span', { class: `bp-badge ${fault ? 'over' : 'warn'}`, title: message, role: 'img', 'aria-label': message }, icon(fault ? 'circle-x' : 'alert-triangle'));
        overlays.add(id, 'sz-fault', { position: { top: -11, right: 11 }, html: badge });
        if (fault) {
          canvas.addMarker(id, 'is-fault');
          this.#marked.push(id);
        }
      }
    }
    const checks = checkList(told, (f) => registry.get(f.id)?.businessObject.name ?? '', (f) => ({ 'data-finding': f.id })); // prettier-ignore
    this.find('.bp-checks')?.replaceChildren(...checks);
    this.#drawSaid();
    standing(told);
  }

  #drawSaid(): void {
    const id = this.#chosen?.id;
    const line = (f: Finding, css: string) => el('p', { class: `fd-note ${css}` }, el('span', {}, f.message));
    const here = (f: Finding) => f.id === id;
    this.find('.fd-said')?.replaceChildren(...this.#told.faults.filter(here).map((f) => line(f, 'over')), ...this.#told.doubts.filter(here).map((f) => line(f, 'warn')));
  }
}

define('sz-bpmn', SzBpmn);
