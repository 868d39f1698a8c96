/**
 * <sz-columns> in the column chooser: items move by dragging, or with the arrow keys on the grip. Locked ones stay.
 * The order of the boxes in the form is the order of the columns, so nothing else has to be sent.
 */
import { above, define, Island } from './lib/island.ts';
import { toast } from './sz-toast.ts';
import { t } from './lib/words.ts';

export class SzColumns extends Island {
  #dragged: HTMLElement | null = null;

  protected override start(): void {
    this.listen<DragEvent>(this, 'dragstart', (event) => {
      this.#dragged = above(event, '[data-column]');
      this.#dragged?.classList.add('is-drag');
      event.dataTransfer?.setData('text/plain', this.#dragged?.dataset['column'] ?? '');
    });
    this.listen<DragEvent>(this, 'dragover', (event) => {
      const over = above(event, '[data-column]');
      if (!this.#dragged || !over) return;
      event.preventDefault();
      this.#unmark();
      if (!over.hasAttribute('data-locked')) over.classList.add('is-over');
    });
    this.listen<DragEvent>(this, 'drop', (event) => {
      event.preventDefault();
      const over = above(event, '[data-column]');
      if (this.#dragged && over) this.place(this.#dragged, over);
    });
    this.listen(this, 'dragend', () => {
      this.#dragged?.classList.remove('is-drag');
      this.#dragged = null;
      this.#unmark();
    });
    this.listen<KeyboardEvent>(this, 'keydown', (event) => {
      const grip = above(event, '.sz-grip');
      const item = grip?.closest<HTMLElement>('[data-column]');
      if (!grip || !item || !/^Arrow(Up|Down)$/.test(event.key)) return;
      event.preventDefault();
      const beside = (event.key === 'ArrowUp' ? item.previousElementSibling : item.nextElementSibling) as HTMLElement | null;
      if (beside) this.place(item, beside);
      grip.focus();
    });
  }

  /** Puts `item` in the place of `over`; a locked one neither moves nor gives way. */
  place(item: HTMLElement, over: HTMLElement): void {
    if (item === over || item.hasAttribute('data-locked') || over.hasAttribute('data-locked')) return;
    const items = this.all('[data-column]');
    if (items.indexOf(item) < items.indexOf(over)) over.after(item);
    else over.before(item);
    const place = this.all('[data-column]').indexOf(item) + 1;
    toast({ text: t('movedUp', { name: item.querySelector('label')?.textContent?.trim() ?? '', n: place }), seconds: 2 });
  }

  #unmark(): void {
    for (const item of this.all('.is-over')) item.classList.remove('is-over');
  }
}

define('sz-columns', SzColumns);
