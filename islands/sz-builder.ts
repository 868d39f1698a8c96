/**
 * <sz-builder>: making a form. Reads `{spec, version, saveUrl, previewUrl, elementsUrl, place, faults, facts}` from its JSON
 * block, draws into `[data-builder]`, keeps every change on this device and sends the whole draft:
 *   PATCH {saveUrl} {"version", "spec"} → 200 {"version", "faults": [{field, message}]} · 409 {"version", "spec", "message"}
 * On a conflict both versions stay until the person chose one. `[data-preview-place]` shows the form as who fills it in sees it.
 */
import htmx from 'htmx.org';
import { ask } from './lib/confirm.ts';
import { codesOf, columnsOf, freeCode, type Item, kindOf, move, newSection, type Section, type Spec } from './lib/formspec.ts';
import { type Answer, Draft } from './lib/draft.ts';
import { above, define, el, Island } from './lib/island.ts';
import { drawProperties, type Picked } from './lib/properties.ts';
import { t } from './lib/words.ts';

interface Data {
  spec: Spec;
  version: number;
  saveUrl: string;
  previewUrl: string;
  elementsUrl: string;
  place: string;
  faults: { field: string; message: string }[];
  facts: { code: string; label: string }[];
}

export class SzBuilder extends Island {
  spec!: Spec;
  picked: Picked = { kind: 'form' };
  #data!: Data;
  #faults = new Map<string, string[]>();
  #draft!: Draft;
  #done: string[] = [];

  protected override start(): void {
    const source = this.find('script[type="application/json"]');
    if (!source) return;
    this.#data = JSON.parse(source.textContent ?? '') as Data;
    this.spec = this.#data.spec;
    const { saveUrl: url, place, version } = this.#data;
    this.#draft = new Draft({
      place, url, version, method: 'PATCH', body: () => ({ spec: this.spec }), took: (answer) => this.#took(answer), clash: (answer) => this.#conflict(answer),
    }); // prettier-ignore
    const kept = this.#draft.kept();
    if (kept) this.spec = kept['spec'] as Spec;
    this.spec.sections ??= [];
    this.#takeFaults(this.#data.faults);
    this.listen(this, 'click', (event) => this.#click(event));
    this.listen(this, 'change', (event) => this.#renamed(event));
    this.listen<KeyboardEvent>(this, 'keydown', (event) => this.#key(event));
    this.listen(document, 'click', (event) => {
      if (above(event, '[data-preview]')) void this.#preview();
    });
    this.listen<SubmitEvent>(document, 'submit', (event) => this.#saveFirst(event), true);
    this.listen(window, 'online', () => void this.flush());
    this.draw();
    void this.#preview();
  }

  /** Takes a change over: kept here at once, drawn, sent a moment later. */
  changed(redraw = true): void {
    this.#done.push(JSON.stringify(this.spec));
    this.#done.splice(0, Math.max(0, this.#done.length - 100));
    this.#draft.changed();
    if (redraw) this.draw();
  }

  /** Sends the draft as it is; resolves when the answer was dealt with. */
  flush(): Promise<void> {
    return this.#draft.flush();
  }

  #took(answer: Answer): void {
    this.#takeFaults((answer['faults'] as Data['faults'] | undefined) ?? []);
    this.#drawFaults();
    void this.#preview();
  }

  /** Somebody else saved meanwhile: both versions are named, one goes on; the other is not thrown away unasked. */
  async #conflict(answer: Answer): Promise<boolean> {
    const theirs = answer['spec'] as Spec;
    const said = (spec: Spec) => t('fbCount', { sections: spec.sections.length, cells: codesOf(spec).size });
    const list = [`${t('keepMine')}：${said(this.spec)}`, `${t('takeTheirs')}：${said(theirs)}`];
    if (await ask({ title: answer.message ?? '', list, verb: t('keepMine'), keep: t('takeTheirs') })) return true;
    this.spec = theirs;
    this.picked = { kind: 'form' };
    this.draw();
    return false;
  }

  #saveFirst(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    if (!form.matches('[data-after-building]') || !this.#draft.dirty) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void this.flush().then(() => {
      if (!this.#draft.dirty) form.requestSubmit();
    });
  }

  async #preview(): Promise<void> {
    const place = document.querySelector<HTMLElement>('[data-preview-place]');
    if (place) await htmx.ajax('GET', this.#data.previewUrl, { target: place, swap: 'innerHTML' });
  }

  #takeFaults(faults: Data['faults']): void {
    this.#faults.clear();
    for (const { field, message } of faults) this.#faults.set(field, [...(this.#faults.get(field) ?? []), message]);
  }

  /** What is wrong with something, by the names the server may call it. */
  said(...codes: string[]): string[] {
    return codes.flatMap((code) => this.#faults.get(code) ?? []);
  }

  // Choosing and changing

  #pick(picked: Picked): void {
    this.picked = picked;
    this.draw();
  }

  #click(event: Event): void {
    const target = above<HTMLElement>(event, '[data-do]');
    if (!target) return;
    const [what = '', a = '', b = '', c = ''] = target.dataset['do']!.split('|');
    const section = this.spec.sections[Number(a)];
    if (what === 'pick') return this.#pick(JSON.parse(target.dataset['pick']!) as Picked);
    if (what === 'add') this.#add(a as Section['kind']);
    else if (what === 'move' && section) move(this.spec.sections, Number(a), Number(b));
    else if (what === 'drop' && section) void this.#dropSection(Number(a));
    else if (what === 'grow' && section) this.#grow(section, b as 'rows' | 'columns' | 'fields');
    else if (what === 'shift' && section) move((section[b] as Item[]) ?? [], Number(c.split(',')[0]), Number(c.split(',')[1]));
    else if (what === 'cut' && section) this.#cut(section, b, Number(c));
    else if (what === 'list') this.#growList(a as 'computed' | 'checks');
    else if (what === 'unlist') (this.spec[a] as Item[]).splice(Number(b), 1);
    else if (what === 'undo') return this.#undo();
    else return;
    if (what !== 'drop') this.changed();
  }

  async #dropSection(at: number): Promise<void> {
    const section = this.spec.sections[at]!;
    const sure = await ask({ title: t('fbDrop', { name: section.name ?? '' }), verb: t('fbDelete'), keep: t('cancel') });
    if (!sure) return;
    this.spec.sections.splice(at, 1);
    this.picked = { kind: 'form' };
    this.changed();
  }

  #add(kind: Section['kind']): void {
    const names = { table: t('fbTable'), fields: t('fbFields'), rows: t('fbLines'), note: t('fbNote') };
    const taken = new Set(this.spec.sections.map((s) => s.name));
    let name = names[kind];
    for (let n = 2; taken.has(name); n++) name = `${names[kind]} ${n}`;
    const words = { row: t('fbRow'), column: t('fbColumn'), field: t('fbField'), text: t('fbText') };
    this.spec.sections.push(newSection(this.spec, kind, name, (one) => words[one]));
    this.picked = { kind: 'section', section: this.spec.sections.length - 1 };
  }

  #grow(section: Section, list: 'rows' | 'columns' | 'fields'): void {
    const items = (section[list] ??= []);
    const taken = list === 'columns' ? new Set(items.map((one) => one.code)) : codesOf(this.spec);
    const last = items[items.length - 1];
    const fresh: Item = { code: freeCode(taken, list[0]!), name: { rows: t('fbRow'), columns: t('fbColumn'), fields: t('fbField') }[list] };
    if (list === 'rows') Object.assign(fresh, { unit: last?.['unit'] ?? '', places: last?.['places'] ?? 2 });
    else if (list === 'columns' && kindOf(section) === 'table') Object.assign(fresh, { kind: 'value', places: 2 });
    else Object.assign(fresh, { type: last?.['type'] === 'choice' ? 'text' : last?.['type'] ?? 'number' });
    items.push(fresh);
    this.picked = { kind: list === 'rows' ? 'row' : list === 'columns' ? 'column' : 'field', section: this.spec.sections.indexOf(section), item: items.length - 1 };
  }

  #cut(section: Section, list: string, at: number): void {
    (section[list] as Item[]).splice(at, 1);
    this.picked = { kind: 'section', section: this.spec.sections.indexOf(section) };
  }

  #growList(list: 'computed' | 'checks'): void {
    const items = (this.spec[list] ??= []) as Item[];
    const code = freeCode(codesOf(this.spec), list === 'checks' ? 'k' : 'x');
    if (list === 'checks') items.push({ code, level: 'error', cell: '', expr: '', message: '' });
    else items.push({ code, name: t('fbIndicator'), unit: '', places: 2, expr: '' });
    this.picked = { kind: list === 'checks' ? 'check' : 'computed', item: items.length - 1 };
  }

  #undo(): void {
    this.#done.pop();
    const before = this.#done[this.#done.length - 1];
    if (!before) return;
    this.spec = JSON.parse(before) as Spec;
    this.#done.pop();
    this.changed();
  }

  #key(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z' && !typing) {
      event.preventDefault();
      this.#undo();
    }
  }

  #renamed(event: Event): void {
    const field = event.target as HTMLInputElement;
    const name = field.dataset['name'];
    if (!name) return;
    const [list = '', a = '', b = ''] = name.split('|');
    const section = this.spec.sections[Number(a)]!;
    if (list === 'sections') section.name = field.value;
    else (section[list] as Item[])[Number(b)]!.name = field.value;
    this.changed();
  }

  // Drawing

  draw(): void {
    const place = this.find('[data-builder]');
    if (!place) return;
    const focus = (document.activeElement as HTMLElement | null)?.dataset['prop'];
    const adders = (['fields', 'table', 'rows', 'note'] as const).map((kind) =>
      el('button', { class: 'btn btn-sm', type: 'button', 'data-do': `add|${kind}` }, `+ ${{ table: t('fbTable'), fields: t('fbFields'), rows: t('fbLines'), note: t('fbNote') }[kind]}`),
    );
    const bar = el('div', { class: 'fb-bar mt-2x' }, ...adders, el('button', { class: 'btn btn-quiet btn-sm push', type: 'button', 'data-do': 'undo' }, t('fbUndo')));
    const side = el('aside', { class: 'sz-card fb-side fm-pad', 'aria-label': t('fbProperties') });
    place.replaceChildren(
      el('div', { class: 'fb-layout' }, el('div', {}, ...this.spec.sections.map((section, at) => this.#section(section, at)), bar, this.#lists()), side),
    );
    drawProperties(side, this, { elementsUrl: this.#data.elementsUrl, facts: this.#data.facts });
    if (focus) side.querySelector<HTMLElement>(`[data-prop="${focus}"]`)?.focus();
  }

  #drawFaults(): void {
    const focus = document.activeElement;
    if (focus instanceof HTMLElement && this.contains(focus) && focus.matches('input, textarea, select')) {
      // somebody is typing: faults are said beside, the field stays
      const list = this.find('[data-said]');
      list?.replaceChildren(...this.#saidAll());
    } else this.draw();
  }

  #saidAll(): HTMLElement[] {
    return [...this.#faults].flatMap(([, all]) => all).slice(0, 8).map((text) => el('p', { class: 'fb-fault' }, text));
  }

  #button(text: string, label: string, action: string): HTMLElement {
    return el('button', { class: 'btn btn-quiet btn-sm', type: 'button', 'data-do': action, 'aria-label': label, title: label }, text);
  }

  #pickable(tag: string, picked: Picked, text: string, faults: string[], css = ''): HTMLElement {
    const chosen = JSON.stringify(picked) === JSON.stringify(this.picked);
    const made = el('button', { class: `${tag} ${css}${chosen ? ' is-picked' : ''}${faults.length ? ' is-fault' : ''}`, type: 'button', 'data-do': 'pick', 'data-pick': JSON.stringify(picked) }, text);
    if (faults.length) made.title = faults.join(' ');
    if (chosen) made.setAttribute('aria-current', 'true');
    return made;
  }

  #section(section: Section, at: number): HTMLElement {
    const name = el('input', { class: 'form-control form-control-sm', value: section.name ?? '', 'data-name': `sections|${at}`, 'aria-label': t('fbSectionName') });
    const kind = kindOf(section);
    const head = el(
      'div', { class: 'fb-sec-head' }, name,
      this.#pickable('btn btn-quiet btn-sm', { kind: 'section', section: at }, t('fbSettings'), this.said(`section:${section.code}`, `show:${section.code}`)),
      el('span', { class: 'push' }),
      this.#button('↑', t('fbUp'), `move|${at}|-1`), this.#button('↓', t('fbDown'), `move|${at}|1`), this.#button('×', t('fbDelete'), `drop|${at}`),
    );
    const body = kind === 'note' ? el('p', { class: 'fm-pad' }, section.text ?? '') : kind === 'fields' ? this.#items(section, at, 'fields') : kind === 'rows' ? this.#items(section, at, 'columns') : this.#table(section, at);
    return el('section', { class: 'fb-sec' }, head, body, ...this.said(`section:${section.code}`).map((text) => el('p', { class: 'fb-fault fm-pad' }, text)));
  }

  /** Fields, or the columns of a repeating row: one a line. */
  #items(section: Section, at: number, list: 'fields' | 'columns'): HTMLElement {
    const picked = list === 'fields' ? 'field' : 'column';
    const rows = (section[list] ?? []).map((item, n) => {
      const codes = list === 'fields' ? [item.code, `show:${item.code}`, `require.${item.code}`] : [`column:${section.code}.${item.code}`, `${section.code}.${item.code}`, `show:${section.code}.${item.code}`, item.code];
      const said = this.said(...codes);
      const facts = [item['unit'], item['element'], item['expr'] ? `= ${item['expr']}` : ''].filter(Boolean).join(' · ');
      return el(
        'div', { class: 'row-flex' },
        this.#pickable('fb-item', { kind: picked, section: at, item: n }, `${item.name ?? ''}　${facts}`, said),
        this.#button('↑', t('fbUp'), `shift|${at}|${list}|${n},-1`), this.#button('×', t('fbDelete'), `cut|${at}|${list}|${n}`),
      );
    });
    return el('div', {}, ...rows, el('button', { class: 'btn btn-quiet btn-sm fm-add', type: 'button', 'data-do': `grow|${at}|${list}` }, `+ ${list === 'fields' ? t('fbField') : t('fbColumn')}`));
  }

  #table(section: Section, at: number): HTMLElement {
    const columns = columnsOf(this.spec, section);
    const own = Boolean(section.columns?.length);
    const heads = columns.map((column, n) =>
      el('th', {}, this.#pickable('fb-cell', { kind: 'column', section: at, item: n }, `${column.name || column.code}${column['unit'] ? `（${String(column['unit'])}）` : ''}`, this.said(`column:${section.code}.${column.code}`))),
    );
    const rows = (section.rows ?? []).map((row, n) => {
      const cells = columns.map((column) => this.#cell(section, at, row, column));
      return el(
        'tr', {},
        el('th', {}, this.#pickable('fb-cell', { kind: 'row', section: at, item: n }, `${row.name ?? ''}${row['unit'] ? `（${String(row['unit'])}）` : ''}`, this.said(`row:${row.code}`, `show:${row.code}`))),
        ...cells,
        el('td', { class: 'fb-acts' }, this.#button('↑', t('fbUp'), `shift|${at}|rows|${n},-1`), this.#button('×', t('fbDelete'), `cut|${at}|rows|${n}`)),
      );
    });
    const table = el('table', { class: 'fb-table' }, el('thead', {}, el('tr', {}, el('th', {}, ''), ...heads, el('th', { class: 'fb-acts' }, ''))), el('tbody', {}, ...rows));
    return el(
      'div', {}, el('div', { class: 'fb-scroll', tabindex: '0' }, table),
      el('button', { class: 'btn btn-quiet btn-sm fm-add', type: 'button', 'data-do': `grow|${at}|rows` }, `+ ${t('fbRow')}`),
      ...(own ? [el('button', { class: 'btn btn-quiet btn-sm fm-add', type: 'button', 'data-do': `grow|${at}|columns` }, `+ ${t('fbColumn')}`)] : []),
    );
  }

  #cell(section: Section, at: number, row: Item, column: Item): HTMLElement {
    const code = `${row.code}_${column.code}`;
    const more = section.cells?.[code] ?? {};
    const expr = String(more['expr'] ?? (['total', 'formula', 'derived'].includes(String(column['kind'])) ? column['expr'] ?? 'Σ' : row['expr'] ?? ''));
    const text = more['none'] ? '—' : expr ? `= ${expr}` : String(more['element'] ?? more['type'] ?? '');
    const css = more['none'] ? 'is-none' : expr ? 'is-auto' : '';
    return el('td', {}, this.#pickable('fb-cell', { kind: 'cell', section: at, code }, text, this.said(code, `show:${code}`), css));
  }

  #lists(): HTMLElement {
    const draw = (list: 'computed' | 'checks', title: string, kind: 'computed' | 'check') => {
      const items = (this.spec[list] ?? []) as Item[];
      return el(
        'section', { class: 'fb-sec mt-2x' },
        el('div', { class: 'fb-sec-head' }, el('b', {}, title), el('span', { class: 'push' }), this.#button('+', title, `list|${list}`)),
        ...items.map((item, n) =>
          el(
            'div', { class: 'row-flex' },
            this.#pickable('fb-item', { kind, item: n }, `${String(item.name ?? item['message'] ?? item.code)}　${String(item['expr'] ?? '')}`, this.said(item.code, `check:${item.code}`)),
            this.#button('×', t('fbDelete'), `unlist|${list}|${n}`),
          ),
        ),
      );
    };
    return el('div', {}, draw('computed', t('fbComputed'), 'computed'), draw('checks', t('fbChecks'), 'check'));
  }

  /** All faults, for the panel beside. */
  get faultTexts(): HTMLElement[] {
    return this.#saidAll();
  }
}

define('sz-builder', SzBuilder);
