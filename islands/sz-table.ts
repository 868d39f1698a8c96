/**
 * <sz-table>: choosing rows of a register, the bulk bar, keys.
 *   <sz-table data-total="186" data-noun="辆"> <div class="sz-bulk" data-bulk hidden><b data-count></b>
 *   <button data-choose-all></button>…actions…</div> <table class="sz-table">…</table> </sz-table>  inside a form.
 * Boxes: `[data-all]` in the head, `input[name=id]` in the rows; Shift chooses a range. "Select all N" sets the hidden
 * `input[name=all]` to 1: the server then takes every row of the current filter, not only those of this page.
 * Keys: J / K next and previous row, X chooses it, Enter opens it. Emits `sz:chosen` {ids, all}.
 */
import { above, define, Island, typing } from './lib/island.ts';
import { num, t } from './lib/words.ts';

export class SzTable extends Island {
  #last: HTMLInputElement | null = null;

  protected override start(): void {
    this.listen<MouseEvent>(this, 'click', (event) => this.#click(event));
    this.listen(this, 'change', (event) => {
      const box = event.target as HTMLInputElement;
      if (box.matches('[data-all]')) this.boxes.forEach((other) => (other.checked = box.checked));
      if (box.matches('[data-all], input[name="id"]')) this.#whole(false);
    });
    this.listen<KeyboardEvent>(document, 'keydown', (event) => this.#key(event));
    this.listen(this, 'htmx:after:swap', () => this.refresh());
    this.refresh();
  }

  get boxes(): HTMLInputElement[] {
    return this.all<HTMLInputElement>('tbody input[name="id"]');
  }

  get rows(): HTMLTableRowElement[] {
    return this.all<HTMLTableRowElement>('tbody tr').filter((row) => !row.hidden && row.querySelector('a, input'));
  }

  /** Brings rows, head box and bar in line with what is ticked. */
  refresh(): void {
    const { boxes } = this;
    const chosen = boxes.filter((box) => box.checked);
    const whole = this.#everything?.value === '1';
    for (const box of boxes) box.closest('tr')?.classList.toggle('is-on', box.checked);
    const head = this.find<HTMLInputElement>('[data-all]');
    if (head) {
      head.checked = boxes.length > 0 && chosen.length === boxes.length;
      head.indeterminate = chosen.length > 0 && !head.checked;
      head.classList.toggle('some', head.indeterminate);
    }
    const bar = this.find('[data-bulk]');
    if (bar) {
      const noun = this.dataset['noun'] ?? '';
      const total = Number(this.dataset['total'] ?? boxes.length);
      bar.hidden = chosen.length === 0;
      const count = bar.querySelector('[data-count]');
      if (count) count.textContent = whole ? t('chosenAll', { n: num(total), noun }) : t('chosen', { n: num(chosen.length), noun });
      const all = bar.querySelector<HTMLElement>('[data-choose-all]');
      if (all) {
        all.hidden = !whole && (total <= boxes.length || chosen.length === 0);
        all.textContent = whole ? t('chooseNone') : t('chooseAll', { n: num(total), noun });
      }
    }
    const detail = { ids: chosen.map((box) => box.value), all: whole };
    this.dispatchEvent(new CustomEvent('sz:chosen', { bubbles: true, detail }));
  }

  get #everything(): HTMLInputElement | null {
    return this.find<HTMLInputElement>('input[name="all"]');
  }

  #whole(on: boolean): void {
    const hidden = this.#everything;
    if (hidden) hidden.value = on ? '1' : '';
    this.refresh();
  }

  #click(event: MouseEvent): void {
    if (above(event, '[data-choose-all]')) {
      const on = this.#everything?.value !== '1';
      this.boxes.forEach((box) => (box.checked = on));
      return this.#whole(on);
    }
    const box = above<HTMLInputElement>(event, 'tbody input[name="id"]');
    if (!box) return;
    const { boxes } = this;
    const from = this.#last ? boxes.indexOf(this.#last) : -1;
    if (event.shiftKey && from >= 0) {
      const to = boxes.indexOf(box);
      for (const other of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) other.checked = box.checked;
      this.#whole(false);
    }
    this.#last = box;
  }

  #key(event: KeyboardEvent): void {
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    const { rows } = this;
    const at = rows.findIndex((row) => row.classList.contains('is-key'));
    const key = event.key.toLowerCase();
    if (key === 'j' || key === 'k') {
      const next = rows[at < 0 ? 0 : Math.min(Math.max(at + (key === 'j' ? 1 : -1), 0), rows.length - 1)];
      if (!next) return;
      rows[at]?.classList.remove('is-key');
      next.classList.add('is-key');
      next.scrollIntoView({ block: 'nearest' });
      next.querySelector<HTMLElement>('a[href]')?.focus({ preventScroll: true });
      event.preventDefault();
    } else if (key === 'x' && at >= 0) {
      const box = rows[at]?.querySelector<HTMLInputElement>('input[name="id"]');
      if (box) {
        box.checked = !box.checked;
        this.#last = box;
        this.#whole(false);
      }
    }
  }
}

define('sz-table', SzTable);
