/** Decision tables beside a process: a list of them, and the table editor of dmn-js for the one that is open. */
import { ask } from '../lib/confirm.ts';
import { el, icon, settle } from '../lib/island.ts';
import { toast } from '../sz-toast.ts';
import type { Editor } from './dmn-editor.ts';
import { saySpecial as say } from './special.ts';

const escape = (text: string) => text.replace(/[<&">]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** A table to begin with: one condition, one result, one rule for all. */
export const template = (code: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="${code}_file" name="${code}" namespace="urn:shuzheng:flows">
  <decision id="${code}" name="${code}">
    <decisionTable id="${code}_table" hitPolicy="FIRST">
      <input id="${code}_in" label="${escape(say('inputName'))}"><inputExpression id="${code}_expr" typeRef="number"><text>amount</text></inputExpression></input>
      <output id="${code}_out" label="${escape(say('outputName'))}" name="approver" typeRef="string" />
      <rule id="${code}_r1"><inputEntry id="${code}_i1"><text></text></inputEntry><outputEntry id="${code}_o1"><text>"head"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>`;

export class Tables {
  texts: Record<string, string>;
  readonly place = el('div', { class: 'bp-tables' });
  readonly #changed: () => void;
  #open = '';
  #editor: Editor | null = null;
  #take = settle(300, () => void this.#taken());

  constructor(texts: Record<string, string>, changed: () => void) {
    this.texts = { ...texts };
    this.#changed = changed;
  }

  /** Takes over other texts in place of these. */
  take(texts: Record<string, string>): void {
    this.texts = { ...texts };
    this.#close();
    this.#draw();
  }

  show(code = this.#open || Object.keys(this.texts)[0] || ''): void {
    if (this.#editor && code === this.#open) return;
    this.#close();
    this.#open = code in this.texts ? code : '';
    this.#draw();
    if (this.#open) void this.#edit();
  }

  #close(): void {
    this.#editor?.destroy();
    this.#editor = null;
    this.#open = '';
  }

  #draw(): void {
    const tabs = Object.keys(this.texts).map((code) => {
      const button = el('button', { class: `btn btn-sm code${code === this.#open ? ' btn-soft' : ''}`, type: 'button', 'aria-pressed': String(code === this.#open) }, code);
      button.addEventListener('click', () => this.show(code));
      return button;
    });
    const name = el('input', { class: 'form-control code', placeholder: say('tableCode'), 'aria-label': say('tableCode') });
    const add = el('button', { class: 'btn btn-sm', type: 'button' }, icon('plus'), say('addTable'));
    add.addEventListener('click', () => this.#add(name));
    const drop = el('button', { class: 'btn btn-sm btn-danger-line push', type: 'button' }, icon('trash'), say('dropTable'));
    drop.addEventListener('click', () => void this.#drop());
    const bar = el('div', { class: 'bp-tablebar' }, ...tabs, name, add, ...(this.#open ? [drop] : []));
    this.place.replaceChildren(bar, this.#open ? el('div', { class: 'bp-dmn' }) : el('p', { class: 't-2 bp-none' }, say('noTables')));
  }

  async #edit(): Promise<void> {
    const container = this.place.querySelector<HTMLElement>('.bp-dmn')!;
    const code = this.#open;
    const { Editor } = await import('./dmn-editor.ts');
    if (code !== this.#open) return;
    const editor = (this.#editor = new Editor(container));
    editor.on('viewer.created', ({ viewer }) => viewer.on('elements.changed', () => this.#take()));
    try {
      await editor.importXML(this.texts[code]!, { open: false });
      const view = editor.getViews().find((v) => v.element.id === code);
      if (!view) throw new Error(code);
      await editor.open(view);
    } catch (fault) {
      container.replaceChildren(el('p', { class: 'fd-fault bp-none' }, say('tableFailed', { why: fault instanceof Error ? fault.message : String(fault) })));
    }
  }

  async #taken(): Promise<void> {
    const code = this.#open;
    if (!this.#editor || !code) return;
    const { xml } = await this.#editor.saveXML({ format: true });
    const old = this.texts[code];
    // decisions that came in one file stay in one
    for (const other of Object.keys(this.texts)) if (this.texts[other] === old) this.texts[other] = xml;
    this.#changed();
  }

  #add(name: HTMLInputElement): void {
    const code = name.value.trim();
    const good = /^[A-Za-z_]\w*$/.test(code) && !(code in this.texts);
    name.classList.toggle('is-invalid', !good);
    if (!good) return void toast({ text: say('tableCodeWrong'), level: 'warning' });
    this.texts[code] = template(code);
    this.#changed();
    this.show(code);
  }

  async #drop(): Promise<void> {
    if (!(await ask({ title: `${say('dropTable')}：${this.#open}`, text: say('forget'), verb: say('dropTable') }))) return;
    const { [this.#open]: _gone, ...others } = this.texts;
    this.texts = others;
    this.#changed();
    this.show(Object.keys(others)[0] ?? '');
  }
}
