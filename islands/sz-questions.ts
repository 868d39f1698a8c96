/**
 * <sz-questions>: the questions of a collection as rows in `.cq-list`, each posted under the same names in order.
 * `[data-add]` adds the row of the <template>, `[data-remove]` takes one away, `[data-up]` moves one up, Enter in a label goes to
 * the next. `data-kind` on a row says its kind, so that the style shows options and units only where they are wanted.
 * The box of `[data-names]` shows while the audience is a list.
 * `[data-pasted]` empties the box of pasted lines once they are rows, and empty rows make room for them.
 */
import { above, define, Island } from './lib/island.ts';

export class SzQuestions extends Island {
  protected override start(): void {
    this.listen(this, 'click', (event) => {
      const row = above(event, '.cq-row');
      if (above(event, '[data-add]')) this.#add();
      else if (row && above(event, '[data-remove]')) this.#remove(row);
      else if (row && above(event, '[data-up]')) row.previousElementSibling?.before(row);
    });
    this.listen(this, 'change', (event) => {
      const kind = event.target;
      if (!(kind instanceof HTMLSelectElement) || kind.name !== 'q_kind') return;
      const row = kind.closest<HTMLElement>('.cq-row');
      if (!row) return;
      row.dataset['kind'] = kind.value;
      if (['choice', 'choices', 'number'].includes(kind.value)) row.querySelector<HTMLTextAreaElement>('.cq-more')?.focus();
    });
    this.listen<KeyboardEvent>(this, 'keydown', (event) => {
      const field = event.target;
      if (event.key !== 'Enter' || event.isComposing || !(field instanceof HTMLInputElement) || field.name !== 'q_label') return;
      event.preventDefault();
      const next = field.closest('.cq-row')?.nextElementSibling?.querySelector<HTMLInputElement>('[name=q_label]');
      if (next) next.focus();
      else this.#add();
    });
    this.listen(document, 'htmx:after:swap', () => this.#pasted());
    const audience = this.closest('form')?.querySelector<HTMLSelectElement>('select[name=audience]');
    const list = document.querySelector<HTMLElement>('[data-names]');
    if (!audience || !list) return;
    const show = () => (list.hidden = audience.value !== 'list');
    this.listen(audience, 'change', show);
    show();
  }

  #list(): HTMLElement | null {
    return this.find('.cq-list');
  }

  #add(): void {
    const template = this.find<HTMLTemplateElement>('template');
    const row = template?.content.firstElementChild?.cloneNode(true);
    if (!(row instanceof HTMLElement)) return;
    this.#list()?.append(row);
    row.querySelector<HTMLInputElement>('[name=q_label]')?.focus();
  }

  #remove(row: HTMLElement): void {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (near) near.querySelector<HTMLInputElement>('[name=q_label]')?.focus();
    else this.#add();
  }

  #pasted(): void {
    const box = this.find<HTMLTextAreaElement>('[name=lines]');
    const rows = this.all('.cq-row');
    if (!box?.value || !rows.length) return;
    box.value = '';
    for (const row of rows) {
      const label = row.querySelector<HTMLInputElement>('[name=q_label]');
      if (label && !label.value.trim() && this.all('.cq-row').length > 1) row.remove();
    }
  }
}

define('sz-questions', SzQuestions);
