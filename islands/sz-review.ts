/**
 * <sz-review>: the reviewer's desk. A cell with `data-return="/…/?cell=…"` opens the form that returns it, beside the cell,
 * in `[data-return-pop]`. Keys: J / K next and previous institution (`[data-next]`, `[data-previous]`), R returns the cell
 * that has the focus (the whole form otherwise, `[data-return-all]`), Esc closes. `[data-only-changed]` hides rows without a change.
 */
import htmx from 'htmx.org';
import { above, define, Island, typing } from './lib/island.ts';

export class SzReview extends Island {
  #from: HTMLElement | null = null;

  protected override start(): void {
    this.listen(document, 'click', (event) => {
      const cell = above(event, '[data-return]');
      if (cell && this.contains(cell)) void this.open(cell);
      else if (above(event, '[data-close]') || !above(event, '[data-return-pop]')) this.close();
    });
    this.listen(this, 'change', (event) => {
      const box = event.target as HTMLInputElement;
      if (box.matches('[data-only-changed]')) this.find('.rv-diff')?.classList.toggle('only-changed', box.checked);
    });
    this.listen<KeyboardEvent>(document, 'keydown', (event) => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.#from) {
      this.#from.focus();
      return this.close();
    }
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    const key = event.key.toLowerCase();
    const active = document.activeElement;
    const wanted = { j: '[data-next]', k: '[data-previous]' }[key];
    if (wanted) this.find(wanted)?.click();
    else if (key === 'r' && active instanceof HTMLElement && active.matches('[data-return]')) void this.open(active);
    else if (key === 'r') document.querySelector<HTMLElement>('[data-return-all]')?.click();
    else return;
    event.preventDefault();
  }

  /** Fetches the form and puts it under the cell, inside the page's edges. */
  async open(cell: HTMLElement): Promise<void> {
    const pop = this.find('[data-return-pop]');
    const address = cell.dataset['return'];
    if (!pop || !address) return;
    this.close();
    this.#from = cell;
    cell.closest('td')?.classList.add('is-ret');
    await htmx.ajax('GET', address, { target: pop, swap: 'innerHTML' });
    pop.hidden = false;
    const [at, frame] = [cell.getBoundingClientRect(), this.getBoundingClientRect()];
    const left = Math.min(Math.max(at.left + at.width / 2 - frame.left - pop.offsetWidth / 2, 0), frame.width - pop.offsetWidth);
    pop.style.left = `${left}px`;
    pop.style.top = `${at.bottom - frame.top + 8}px`;
    pop.style.setProperty('--rv-arrow', `${at.left + at.width / 2 - frame.left - left - 6}px`);
    pop.querySelector<HTMLElement>('textarea')?.focus();
  }

  close(): void {
    const pop = this.find('[data-return-pop]');
    if (pop) pop.hidden = true;
    for (const cell of this.all('.is-ret')) cell.classList.remove('is-ret');
    this.#from = null;
  }
}

define('sz-review', SzReview);
