/**
 * <sz-grid>: the form grid. Enhances server-rendered tables of inputs; without script they are a plain form.
 *
 *   <sz-grid data-saved-at="…"><script type="application/json">DATA</script> <table class="sz-form-grid"> …
 *     <td class="in meter" data-cell="e01_m1"><input name="e01_m1" inputmode="decimal" aria-label="电 7 月 kWh"></td>
 *     <td class="auto" data-cell="e01_q">279,230</td>                       computed
 *     <td class="ref" data-change="e01_q" data-against="ly_e01_q">+27.2%</td> kept up to date
 *   </table></sz-grid>
 * DATA = {url, version, place, cells: {code: {label, unit, places, value, expr?}}, order: [computed codes],
 *         given: {name: value}, checks: [{code, level: error|warning, cell, expr, message, title, phrases?}],
 *         reasons: {check: text}, unread?: {cell: what was typed and is no number}}
 *   Values are exact decimal texts or null. `expr` is what `kernel/expr/to_ts.py` writes. `place` names this form and person
 *   in localStorage. Several tables may stand in one grid (pages of a form), in panels that tabs show.
 * Saving: PATCH {url} as in lib/queue.ts, with cell codes, and `reason:<check code>` for a reason. The answer may carry
 *   `values: {code: value}` (what the server made of it) and `faults`. A 409 asks whose value to take.
 *
 * On the page, all optional: `[data-saved]` 已自动保存 09:41 · `[data-checks]` the list of findings (ul.sz-checks) ·
 *   `[data-check-counts]` its counts · `[data-submit-form]` buttons, disabled while something is missing, and
 *   `[data-missing]` the sentence that says what · `[data-cell-panel="/…/{code}/"]` filled for the chosen cell ·
 *   `[data-result="code"]` shows a computed cell elsewhere · a form with `data-after-saving` waits for what is being saved ·
 *   `[data-locate="code"]` goes to a cell. Emits `sz:cell` {code}, `sz:changed` {codes}.
 *
 * Keys: arrows, Enter / Shift Enter, Tab; F2 or a double click edits inside, Esc gives it up; Shift and arrows, or the
 *   mouse, choose a range; Delete clears it; Ctrl D fills down, Ctrl Enter fills the range; Ctrl C, X, V; Ctrl Z, Y.
 */
import htmx from 'htmx.org';
import { change } from './lib/decimal.ts';
import { parseCells, writeCells } from './lib/clip.ts';
import { ask } from './lib/confirm.ts';
import { drawChecks, markCells } from './lib/findings.ts';
import { above, csrf, define, Island, settle } from './lib/island.ts';
import { type Field, input, Places } from './lib/places.ts';
import { type Answer, Queue } from './lib/queue.ts';
import { showSaved } from './lib/saved.ts';
import { type Changes, Sheet, type SheetData } from './lib/sheet.ts';
import { cellText, fieldText, readAs, unreadable } from './lib/typed.ts';
import { t } from './lib/words.ts';
import { toast } from './sz-toast.ts';

export interface GridData extends SheetData {
  url: string;
  version: number;
  place: string;
  /** What was typed and is no number, by cell: kept by the server until it is mended. */
  unread?: Record<string, string>;
}
type Td = HTMLTableCellElement;

const REASON = 'reason:';

export class SzGrid extends Island {
  sheet!: Sheet;
  places!: Places;
  queue!: Queue;
  #data!: GridData;
  #anchor: Td | null = null;
  #current: Td | null = null;
  #editing = false;
  #faults = new Map<string, string>();
  /** Values from before the typing that is going on. */
  #committed = new Map<string, Changes>();
  #panel = settle(200, (code: string) => this.#fillPanel(code));

  protected override start(): void {
    const source = this.find('script[type="application/json"]');
    if (!source) return;
    this.#data = JSON.parse(source.textContent ?? '') as GridData;
    this.sheet = new Sheet(this.#data);
    this.places = new Places(this);
    this.queue = new Queue({
      url: this.#data.url,
      place: `sz-grid:${this.#data.place}`,
      version: this.#data.version,
      token: csrf,
      onState: (state, count, at) => showSaved(this, state, count, at),
      onAnswer: (answer, status) => void this.#answered(answer, status),
    });
    for (const [code, text] of Object.entries(this.#data.unread ?? {})) this.#faults.set(code, unreadable(this.sheet.cell(code), text));
    this.#restore();
    this.#listenToCells();
    this.listen<ClipboardEvent>(this, 'copy', (event) => this.#copy(event));
    this.listen<ClipboardEvent>(this, 'cut', (event) => this.#copy(event) && this.#clear());
    this.listen<ClipboardEvent>(this, 'paste', (event) => this.#paste(event));
    this.listen(document, 'click', (event) => {
      const code = above(event, '[data-locate]')?.dataset['locate'];
      if (code) this.locate(code);
    });
    this.listen(document, 'input', (event) => {
      const box = above<HTMLTextAreaElement>(event, '[data-reason]');
      if (box) this.#explain(box.dataset['reason'] ?? '', box.value);
    });
    this.listen(window, 'online', () => void this.queue.flush());
    this.listen<SubmitEvent>(document, 'submit', (event) => this.#saveFirst(event), true);
    this.#draw([...this.places.codes], ...this.#faults.keys());
  }

  /** A form marked `data-after-saving` leaves once everything typed has arrived. */
  #saveFirst(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    if (!form.matches('[data-after-saving]')) return;
    if (this.#current) this.#commit(this.#current);
    if (!this.queue.count) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void this.queue.flush().then(() => {
      if (!this.queue.count) form.requestSubmit();
      else toast({ text: t('keptHere', { n: this.queue.count }), level: 'warning' });
    });
  }

  protected override stop(): void {
    this.queue?.stop();
  }

  #listenToCells(): void {
    this.listen(this, 'focusin', (event) => {
      const cell = above<Td>(event, 'td.in');
      if (cell) this.#choose(cell);
    });
    this.listen(this, 'focusout', (event) => {
      const cell = above<Td>(event, 'td.in');
      if (cell) this.#commit(cell);
    });
    this.listen<KeyboardEvent>(this, 'keydown', (event) => this.#key(event));
    this.listen(this, 'input', (event) => {
      const cell = above<Td>(event, 'td.in');
      if (cell) this.#preview(cell);
    });
    this.listen(this, 'change', (event) => {
      const cell = above<Td>(event, 'td.in');
      if (cell && event.target instanceof HTMLSelectElement) this.#commit(cell);
    });
    this.listen(this, 'click', (event) => {
      const section = above(event, '[data-add-line]')?.dataset['addLine'];
      if (section) this.addLine(section);
    });
    this.listen(this, 'dblclick', (event) => {
      if (above(event, 'td.in')) this.#editing = true;
    });
    this.listen<MouseEvent>(this, 'mousedown', (event) => {
      const cell = above<Td>(event, 'td.in');
      if (cell && event.shiftKey && this.#anchor) {
        event.preventDefault();
        this.#select(this.#anchor, cell);
      }
    });
    this.listen<MouseEvent>(this, 'mouseover', (event) => {
      const cell = above<Td>(event, 'td.in');
      if (cell && event.buttons === 1 && this.#anchor && cell !== this.#anchor && !this.#editing) this.#select(this.#anchor, cell);
    });
  }

  // Choosing

  #choose(cell: Td): void {
    if (cell === this.#current) return;
    this.#editing = false;
    this.#current = this.#anchor = cell;
    this.#mark();
    choose(input(cell));
    const code = cell.dataset['cell'] ?? '';
    this.dispatchEvent(new CustomEvent('sz:cell', { bubbles: true, detail: { code } }));
    for (const item of document.querySelectorAll('[data-check]')) item.classList.toggle('is-cur', item.getAttribute('data-cell') === code);
    this.#panel(code);
  }

  #select(from: Td, to: Td): void {
    this.#anchor = from;
    this.#current = to;
    this.#mark();
  }

  #mark(): void {
    for (const cell of this.all('.is-cur, .is-range')) cell.classList.remove('is-cur', 'is-range');
    this.#current?.classList.add('is-cur');
    const cells = this.chosen.flat();
    if (cells.length > 1) for (const cell of cells) if (input(cell)) cell.classList.add('is-range');
  }

  /** The chosen rectangle, row by row. */
  get chosen(): Td[][] {
    return this.#anchor && this.#current ? this.places.range(this.#anchor, this.#current) : [];
  }

  /** Shows a cell, on whichever page of the form it is, and puts the cursor in it. */
  locate(code: string): void {
    const cell = this.places.of(code);
    if (!cell) return;
    const panel = cell.closest<HTMLElement>('[role="tabpanel"][hidden]');
    if (panel) document.querySelector<HTMLElement>(`[role="tab"][href="#${panel.id}"]`)?.click();
    cell.scrollIntoView({ block: 'center', inline: 'nearest' });
    input(cell)?.focus();
    cell.classList.add('is-flash');
    setTimeout(() => cell.classList.remove('is-flash'), 1200);
  }

  // Keys

  #key(event: KeyboardEvent): void {
    const cell = above<Td>(event, 'td.in');
    if (!cell || event.isComposing) return;
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const arrow = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const picking = this.#editing && event.target instanceof HTMLSelectElement;
    if (arrow && !picking && (!this.#editing || arrow[0])) this.#move(cell, arrow[0]!, arrow[1]!, event.shiftKey);
    else if (key === 'Enter' && control) this.#fill(input(cell)?.value ?? '');
    else if (key === 'Enter') this.#move(cell, event.shiftKey ? -1 : 1, 0, false);
    else if (key === 'F2') this.#edit(cell);
    else if (key === 'Escape') this.#giveUp(cell);
    else if (control && key === 'd') this.#fillDown();
    else if (control && !this.#editing && (key === 'y' || (key === 'z' && event.shiftKey))) this.#again(this.sheet.redo());
    else if (control && !this.#editing && key === 'z') this.#again(this.sheet.undo());
    else if (!this.#editing && key === 'Delete') this.#clear();
    else if (!this.#editing && key === 'Backspace' && this.chosen.flat().length > 1) this.#clear();
    else return;
    event.preventDefault();
  }

  #move(from: Td, down: number, right: number, extend: boolean): void {
    let next = this.places.next(extend ? this.#current ?? from : from, down, right);
    const section = from.closest<HTMLElement>('tbody[data-lines]')?.dataset['lines'];
    if (down > 0 && section && !extend && next?.closest('tbody') !== from.closest('tbody')) {
      // below the last row of a repeating section comes a new one
      this.addLine(section);
      next = this.places.next(from, down, right);
    }
    if (!next) return this.#commit(from);
    if (extend) return this.#select(this.#anchor ?? from, next);
    if (next) input(next)?.focus();
  }

  #edit(cell: Td): void {
    this.#editing = true;
    const field = input(cell);
    if (field instanceof HTMLInputElement) field.setSelectionRange(field.value.length, field.value.length);
  }

  #giveUp(cell: Td): void {
    const code = cell.dataset['cell'] ?? '';
    const wasBad = this.#faults.delete(code);
    this.#editing = false;
    const before = this.#committed.get(code) ?? {};
    this.#committed.delete(code);
    const changed = this.sheet.set(before, false);
    if (wasBad) this.queue.put({ [code]: this.sheet.get(code) });
    this.#draw([...changed, code]);
    choose(input(cell));
  }

  // Values

  #typed(code: string): string {
    return fieldText(this.sheet.cell(code), this.sheet.get(code));
  }

  /** While typing: computed cells and checks follow at once; undo and saving wait until the cell is left. */
  #preview(cell: Td): void {
    const code = cell.dataset['cell'] ?? '';
    if (!this.#committed.has(code)) this.#committed.set(code, { [code]: this.sheet.get(code) });
    const value = readAs(this.sheet.cell(code), input(cell)?.value ?? '');
    if (value !== undefined) this.#draw(this.sheet.set({ [code]: value }, false), code);
  }

  #commit(cell: Td): void {
    const code = cell.dataset['cell'] ?? '';
    const before = this.#committed.get(code);
    if (!before) return;
    this.#committed.delete(code);
    const text = input(cell)?.value ?? '';
    const value = readAs(this.sheet.cell(code), text);
    this.sheet.set(before, false);
    if (value === undefined) {
      this.#faults.set(code, unreadable(this.sheet.cell(code), text));
      this.queue.put({ [code]: text }); // the server keeps it as typed, so that it is there on another device too
      return this.#draw([code], code);
    }
    this.put({ [code]: value });
    this.#draw([code]);
  }

  /** Takes values over as if typed: computed, checked, undoable, saved. */
  put(changes: Changes): void {
    for (const code of Object.keys(changes)) {
      this.#faults.delete(code);
      this.places.of(code)?.classList.remove('meter', 'bill', 'register', 'previous');
    }
    const codes = this.sheet.set(changes);
    if (!codes.length) return;
    this.queue.put(changes);
    this.#draw(codes);
  }

  #again(changes: Changes | null): void {
    if (!changes) return;
    this.queue.put(changes);
    this.#draw(this.sheet.set(changes, false));
  }

  #fields(cells: Td[]): string[] {
    return cells.filter(input).map((cell) => cell.dataset['cell'] ?? '').filter(Boolean);
  }

  #clear(): void {
    this.put(Object.fromEntries(this.#fields(this.chosen.flat()).map((code) => [code, null])));
  }

  #fill(text: string): void {
    const changes: Changes = {};
    for (const code of this.#fields(this.chosen.flat())) {
      const value = readAs(this.sheet.cell(code), text);
      if (value !== undefined) changes[code] = value;
    }
    this.put(changes);
  }

  #fillDown(): void {
    const [first, ...rest] = this.chosen;
    const changes: Changes = {};
    first?.forEach((top, column) => {
      const value = this.sheet.get(top.dataset['cell'] ?? '');
      for (const row of rest) for (const code of this.#fields(row.slice(column, column + 1))) changes[code] = value;
    });
    this.put(changes);
  }

  // Clipboard

  #copy(event: ClipboardEvent): boolean {
    if (this.#editing || !this.chosen.length || !event.clipboardData) return false;
    const rows = this.chosen.map((row) => row.map((cell) => this.sheet.get(cell.dataset['cell'] ?? '') ?? ''));
    event.clipboardData.setData('text/plain', writeCells(rows));
    event.preventDefault();
    return true;
  }

  #paste(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData('text/plain');
    const corner = this.chosen[0]?.[0];
    if (!text || !corner || (this.#editing && !/[\t\n]/.test(text))) return;
    event.preventDefault();
    this.pasteAt(corner, parseCells(text));
  }

  /** Puts a block of cells down with its top left at `corner`; one value fills the whole range. Says what did not fit. */
  pasteAt(corner: Td, rows: string[][]): void {
    const single = rows.length === 1 && rows[0]!.length === 1;
    if (single && this.chosen.flat().length > 1) return this.#fill(rows[0]![0]!);
    this.#makeRoom(corner, rows.length);
    const start = this.places.at(corner)!;
    const changes: Changes = {};
    const bad: [string, string][] = [];
    let [locked, outside] = [0, 0];
    rows.forEach((row, down) =>
      row.forEach((text, right) => {
        const cell = this.places.cell(start.row + down, start.column + right);
        const code = cell?.dataset['cell'] ?? '';
        const value = readAs(this.sheet.cell(code), text);
        if (!cell) outside += 1;
        else if (!input(cell) || !code) locked += Number(text.trim() !== '');
        else if (value === undefined) bad.push([code, text]);
        else changes[code] = value;
      }),
    );
    this.put(changes);
    for (const [code, text] of bad) this.#showBad(code, text);
    if (bad.length) this.queue.put(Object.fromEntries(bad));
    this.#draw(bad.map(([code]) => code), ...bad.map(([code]) => code));
    const said = [outside && t('outOfRange', { n: outside }), locked && t('pastedLocked', { n: locked })].filter(Boolean);
    if (said.length) toast({ text: [t('pasted', { n: Object.keys(changes).length }), ...said].join('；'), level: 'info', seconds: 8 });
  }

  // Repeating rows and what is asked

  /** One more empty row in a repeating section, up to as many as it may have. */
  addLine(section: string): void {
    const body = this.find<HTMLElement>(`tbody[data-lines="${section}"]`);
    const pattern = this.find<HTMLTemplateElement>(`template[data-line-pattern="${section}"]`)?.content.querySelector('tr');
    const next = Number(body?.dataset['next']);
    if (!body || !pattern || next > Number(body.dataset['most'])) return;
    const row = pattern.cloneNode(true) as HTMLElement;
    row.firstElementChild!.textContent = String(next);
    for (const cell of row.querySelectorAll<HTMLElement>('[data-cell]')) cell.dataset['cell'] = cell.dataset['cell']!.replace('__n__', String(next));
    for (const field of row.querySelectorAll<Field>('input, select')) {
      field.name = field.name.replace('__n__', String(next));
      field.setAttribute('aria-label', this.sheet.label(field.name));
    }
    body.append(row);
    body.dataset['next'] = String(next + 1);
    this.places = new Places(this);
  }

  /** Rows enough for what is pasted into a repeating section. */
  #makeRoom(corner: Td, rows: number): void {
    const body = corner.closest<HTMLElement>('tbody[data-lines]');
    if (!body) return;
    const at = [...body.children].indexOf(corner.parentElement!);
    for (let left = at + rows - body.children.length; left > 0; left--) this.addLine(body.dataset['lines']!);
  }

  /** What is not asked now is out of sight and cannot be typed in; a row or page of which nothing is asked goes whole. */
  #drawAsked(): void {
    const rows = new Set<HTMLElement>();
    for (const code of this.places.codes) {
      const cell = this.places.of(code)!;
      const off = this.sheet.isHidden(code);
      if (cell.hasAttribute('data-off') === off) continue;
      cell.toggleAttribute('data-off', off);
      rows.add(cell.parentElement!);
    }
    for (const row of rows) {
      const own = [...row.querySelectorAll('[data-cell]')];
      row.hidden = own.every((cell) => cell.hasAttribute('data-off'));
    }
    for (const [section, off] of this.sheet.hiddenSections()) {
      const tab = document.querySelector<HTMLElement>(`[role="tab"][data-section="${section}"]`);
      if (tab) tab.hidden = off;
    }
  }

  // Server

  #restore(): void {
    const values: Changes = {};
    for (const [name, value] of Object.entries(this.queue.pending)) {
      if (name.startsWith(REASON)) this.sheet.reasons[name.slice(REASON.length)] = String(value ?? '');
      else if (value !== null && readAs(this.sheet.cell(name), String(value)) === undefined) this.#showBad(name, String(value));
      else values[name] = value as string | null;
    }
    this.sheet.set(values, false);
  }

  /** A text that is no number stands in its field until it is mended. */
  #showBad(code: string, text: string): void {
    this.#faults.set(code, unreadable(this.sheet.cell(code), text));
    const cell = this.places.of(code);
    const field = cell && input(cell);
    if (field) field.value = text;
  }

  #explain(check: string, reason: string): void {
    this.sheet.reasons[check] = reason;
    this.queue.put({ [REASON + check]: reason });
    this.#drawFindings(true);
  }

  async #answered(answer: Answer, status: number): Promise<void> {
    if (status === 409) return this.#settle(answer.conflicts ?? {});
    for (const [code, sentence] of Object.entries(answer.faults ?? {})) this.#faults.set(code, sentence);
    const values = (answer['values'] ?? {}) as Changes;
    const pending = this.queue.pending;
    const fresh = Object.fromEntries(Object.entries(values).filter(([code]) => !(code in pending)));
    const faulty = Object.keys(answer.faults ?? {});
    this.#draw([...this.sheet.set(fresh, false), ...faulty], ...this.#faults.keys());
  }

  /** Somebody else changed the same cells: shows both values and asks whose to keep. */
  async #settle(conflicts: NonNullable<Answer['conflicts']>): Promise<void> {
    const list = Object.entries(conflicts).map(([code, { yours, theirs }]) => {
      const said = (value: unknown) => cellText(this.sheet.cell(code), value as string | null) || '—';
      return t('bothValues', { label: this.sheet.label(code), yours: said(yours), theirs: said(theirs) });
    });
    const mine = await ask({ title: t('conflict', { n: list.length }), list, verb: t('keepMine'), keep: t('takeTheirs') });
    for (const code of Object.keys(conflicts)) this.queue.settle(code, mine);
    if (!mine) {
      const theirs = Object.fromEntries(Object.entries(conflicts).map(([code, { theirs: value }]) => [code, value as string | null]));
      this.#draw(this.sheet.set(theirs, false));
    }
    await this.queue.flush();
  }

  #fillPanel(code: string): void {
    const panel = document.querySelector<HTMLElement>('[data-cell-panel]');
    const address = panel?.dataset['cellPanel']?.replace('{code}', encodeURIComponent(code));
    if (panel && address) void htmx.ajax('GET', address, { target: panel, swap: 'innerHTML' });
  }

  // Drawing

  /** Brings cells in line with the values; a field listed in `keep` keeps the text that is being typed. */
  #draw(codes: string[], ...keep: string[]): void {
    for (const code of codes) {
      const cell = this.places.of(code);
      if (!cell) continue;
      const field = cell.querySelector<Field>('input, select');
      if (field) {
        if (!keep.includes(code)) field.value = this.#typed(code);
      } else {
        const known = this.sheet.cell(code);
        cell.textContent = cellText(known, this.sheet.get(code));
        cell.title = known?.expr && this.sheet.get(code) === null ? t('noResult') : '';
      }
    }
    const touched = new Set(codes);
    for (const cell of this.all<Td>('[data-change]')) {
      const code = cell.dataset['change'] ?? '';
      if (touched.has(code)) cell.textContent = change(this.sheet.get(code), this.sheet.get(cell.dataset['against'] ?? ''));
    }
    for (const place of document.querySelectorAll<HTMLElement>('[data-result]')) {
      const code = place.dataset['result'] ?? '';
      if (touched.has(code)) place.textContent = cellText(this.sheet.cell(code), this.sheet.get(code)) || '—';
    }
    this.#drawAsked();
    this.#drawFindings();
    if (codes.length) this.dispatchEvent(new CustomEvent('sz:changed', { bubbles: true, detail: { codes } }));
  }

  #drawFindings(typingReason = false): void {
    const findings = this.sheet.findings();
    markCells(this.places, findings, this.#faults);
    drawChecks(findings, this.#faults, (code) => this.sheet.label(code), typingReason);
  }
}

/** Selects what stands in a field, so that typing replaces it. */
function choose(field: Field | null): void {
  if (field instanceof HTMLInputElement) field.select();
}

define('sz-grid', SzGrid);
