/**
 * <sz-dispatch>: a day of cars or drivers as a timeline, and trips that wait beside it.
 *
 * Reads `script#dp-data`: {rows: [{id, name, runs: [{from, to, text, who, state, word, span, trip, url}]}], against: {trip: {row: why}},
 * spans: {trip: [from, to]}, now}. Minutes of the day. Draws into `[data-board]`. A trip is a `[data-ride]` button, or a run
 * whose `trip` is named. Dragged onto a row, or chosen with Enter and put on a row with the arrow keys and Enter, it goes out
 * as the form `[data-put]` (fields `trip`, `row`). What a row has against the trip is said in `[data-say]` before that;
 * a row with something against it takes nothing.
 */
import { above, define, el, Island } from './lib/island.ts';

interface Run { from: number; to: number; text: string; who: string; state: string; word: string; span: string; trip: string; url: string }
interface Row { id: string; name: string; runs: Run[] }
interface Data { rows: Row[]; against: Record<string, Record<string, string>>; spans: Record<string, [number, number]>; now: number | null }

const STEP = 5;

/** The hours that are shown: those of the work day, and further where something runs. */
export function hours(data: Data): [number, number] {
  const all = [...data.rows.flatMap((row) => row.runs.map((run) => [run.from, run.to])), ...Object.values(data.spans)];
  const first = Math.min(8 * 60, ...all.map(([from]) => Math.max(from!, 0)));
  const last = Math.max(18 * 60, ...all.map(([, to]) => Math.min(to!, 24 * 60)));
  return [Math.floor(first / 60), Math.ceil(last / 60)];
}

export class SzDispatch extends Island {
  data: Data = { rows: [], against: {}, spans: {}, now: null };
  chosen = '';
  #from = 0;
  #to = 24;
  #drag: { trip: string; ghost: HTMLElement | null; x: number; y: number; from: HTMLElement } | null = null;
  #moved = false;

  protected override start(): void {
    const script = this.find<HTMLScriptElement>('#dp-data');
    if (!script) return;
    this.data = JSON.parse(script.textContent || '{}') as Data;
    [this.#from, this.#to] = hours(this.data);
    this.draw();
    this.listen(this, 'click', (event) => this.#click(event));
    this.listen<KeyboardEvent>(this, 'keydown', (event) => this.#key(event));
    this.listen<PointerEvent>(this, 'pointerdown', (event) => this.#down(event));
    this.listen<PointerEvent>(document, 'pointermove', (event) => this.#move(event));
    this.listen<PointerEvent>(document, 'pointerup', (event) => this.#up(event));
    this.listen(document, 'pointercancel', () => this.#drop());
  }

  draw(): void {
    const board = this.find('[data-board]');
    if (!board) return;
    const head = el('div', { class: 'dp-hours', 'aria-hidden': 'true' });
    for (let hour = this.#from; hour < this.#to; hour++) {
      const mark = el('span', {}, String(hour).padStart(2, '0'));
      this.#place(mark, hour * 60);
      head.append(mark);
    }
    board.replaceChildren(head, ...this.data.rows.map((row) => this.#row(row)));
    board.hidden = false;
  }

  #row(row: Row): HTMLElement {
    const line = el('div', { class: 'dp-row', 'data-row': row.id, tabindex: '-1' });
    const track = el('div', { class: 'dp-track' });
    for (let hour = this.#from + 1; hour < this.#to; hour++) {
      const rule = el('i');
      this.#place(rule, hour * 60);
      track.append(rule);
    }
    if (this.data.now !== null) {
      const now = el('i', { class: 'dp-now' });
      this.#place(now, this.data.now);
      track.append(now);
    }
    for (const run of row.runs) track.append(this.#run(run));
    const name = el('span', { class: 'dp-name' }, row.name);
    line.append(name, track);
    line.setAttribute('aria-label', [row.name, ...row.runs.map((run) => `${run.span} ${run.text} ${run.word}`)].join('，'));
    return line;
  }

  #run(run: Run): HTMLElement {
    const words = `${run.span} ${run.text} ${run.who} ${run.word}`.trim();
    const block = run.trip
      ? el('button', { type: 'button', class: `dp-run is-${run.state}`, 'data-ride': run.trip, 'aria-pressed': 'false', title: words })
      : run.url
        ? el('a', { href: run.url, class: `dp-run is-${run.state}`, title: words })
        : el('span', { class: `dp-run is-${run.state}`, title: words });
    block.append(el('b', {}, run.text), el('small', {}, run.who));
    block.setAttribute('aria-label', words);
    this.#place(block, Math.max(run.from, this.#from * 60), Math.min(run.to, this.#to * 60));
    return block;
  }

  #place(item: HTMLElement, from: number, to?: number): void {
    const width = (this.#to - this.#from) * 60;
    item.style.left = `${((from - this.#from * 60) / width) * 100}%`;
    if (to !== undefined) item.style.width = `${(Math.max(to - from, 10) / width) * 100}%`;
  }

  /** Chooses a trip, or none; rows then show whether they can take it. */
  choose(trip: string): void {
    this.chosen = trip;
    for (const button of this.all('[data-ride]')) button.setAttribute('aria-pressed', String(button.dataset['ride'] === trip));
    for (const row of this.all('[data-row]')) {
      const why = this.against(row);
      row.classList.toggle('is-free', trip !== '' && !why);
      row.classList.toggle('is-taken', trip !== '' && !!why);
      row.tabIndex = trip ? 0 : -1;
      row.querySelector('.dp-want')?.remove();
    }
    const name = this.find(`[data-ride="${trip}"] b`)?.textContent?.trim() ?? '';
    this.#say(trip ? (this.find('[data-say]')?.dataset['pick'] ?? '').replace('{ride}', name) : '');
  }

  /** What a row has against the chosen trip; empty when nothing. */
  against(row: HTMLElement): string {
    return this.data.against[this.chosen]?.[row.dataset['row'] ?? ''] ?? '';
  }

  #look(row: HTMLElement): void {
    for (const other of this.all('.dp-want')) other.remove();
    const name = row.querySelector('.dp-name')?.textContent ?? '';
    const why = this.against(row);
    this.#say(`${name}：${why || (this.find('[data-say]')?.dataset['free'] ?? '')}`, why !== '');
    const span = this.data.spans[this.chosen];
    if (!span) return;
    const want = el('span', { class: why ? 'dp-want is-against' : 'dp-want' });
    this.#place(want, Math.max(span[0], this.#from * 60), Math.min(span[1], this.#to * 60));
    row.querySelector('.dp-track')?.append(want);
  }

  #say(words: string, fault = false): void {
    const said = this.find('[data-say]');
    if (!said) return;
    said.textContent = words;
    said.classList.toggle('over', fault);
  }

  put(row: HTMLElement): void {
    this.#look(row);
    const form = this.find<HTMLFormElement>('[data-put]');
    if (!form || !this.chosen || this.against(row)) return;
    form.querySelector<HTMLInputElement>('[name="trip"]')!.value = this.chosen;
    form.querySelector<HTMLInputElement>('[name="row"]')!.value = row.dataset['row'] ?? '';
    form.requestSubmit();
  }

  #click(event: Event): void {
    if (this.#moved) {
      this.#moved = false;
      return;
    }
    const ride = above(event, '[data-ride]');
    if (ride) return this.choose(this.chosen === ride.dataset['ride'] ? '' : (ride.dataset['ride'] ?? ''));
    const row = above(event, '[data-row]');
    if (row && this.chosen && !above(event, 'a')) this.put(row);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.chosen) {
      const back = this.find(`[data-ride="${this.chosen}"]`);
      this.choose('');
      back?.focus();
      return;
    }
    const ride = above(event, '[data-ride]');
    if (ride && event.key === 'Enter') {
      event.preventDefault();
      this.choose(ride.dataset['ride'] ?? '');
      const first = this.find('.dp-row.is-free') ?? this.find('.dp-row');
      first?.focus();
      if (first) this.#look(first);
      return;
    }
    const row = above(event, '[data-row]');
    if (!row || !this.chosen) return;
    const rows = this.all('[data-row]');
    const to = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = rows[(rows.indexOf(row) + to + rows.length) % rows.length]!;
      next.focus();
      this.#look(next);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      this.put(row);
    }
  }

  #down(event: PointerEvent): void {
    const ride = above(event, '[data-ride]');
    if (!ride || event.button !== 0 || event.pointerType === 'touch') return;
    this.#drag = { trip: ride.dataset['ride'] ?? '', ghost: null, x: event.clientX, y: event.clientY, from: ride };
  }

  #move(event: PointerEvent): void {
    const drag = this.#drag;
    if (!drag) return;
    if (!drag.ghost) {
      if (Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) < STEP) return;
      this.choose(drag.trip);
      drag.ghost = el('div', { class: 'dp-ghost', 'aria-hidden': 'true' }, drag.from.querySelector('b')?.textContent ?? '');
      this.append(drag.ghost);
    }
    event.preventDefault();
    drag.ghost.style.left = `${event.clientX + 12}px`;
    drag.ghost.style.top = `${event.clientY + 8}px`;
    const row = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-row]');
    for (const other of this.all('.is-over')) other.classList.toggle('is-over', other === row);
    if (row && !row.classList.contains('is-over')) {
      row.classList.add('is-over');
      this.#look(row);
    }
  }

  #up(event: PointerEvent): void {
    const drag = this.#drag;
    if (!drag) return;
    const row = drag.ghost ? document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-row]') : null;
    this.#moved = drag.ghost !== null;
    this.#drop();
    if (row) this.put(row);
  }

  #drop(): void {
    this.#drag?.ghost?.remove();
    this.#drag = null;
    for (const other of this.all('.is-over')) other.classList.remove('is-over');
  }
}

define('sz-dispatch', SzDispatch);
