/**
 * <sz-dialog> around a native <dialog id="x">: any `data-dialog="x"` opens it, `data-close`, Esc and a click outside close it.
 * `data-load="/…"` on the opener fetches the content of the dialog's `[data-body]` first.
 * A dialog with something typed in it closes by its buttons only, so that a stray click loses nothing.
 */
import htmx from 'htmx.org';
import { above, define, Island } from './lib/island.ts';

export class SzDialog extends Island {
  #opener: HTMLElement | null = null;
  #touched = false;

  get dialog(): HTMLDialogElement | null {
    return this.find<HTMLDialogElement>('dialog');
  }

  protected override start(): void {
    const { dialog } = this;
    if (!dialog) return;
    this.listen(document, 'click', (event) => {
      const opener = above(event, '[data-dialog]');
      if (opener?.dataset['dialog'] === dialog.id) {
        event.preventDefault();
        this.open(opener);
      }
    });
    this.listen(dialog, 'click', (event) => {
      if (above(event, '[data-close]')) this.close();
      else if (event.target === dialog && !this.#touched) this.close();
    });
    this.listen(dialog, 'input', () => (this.#touched = true));
    this.listen(dialog, 'cancel', (event) => {
      if (this.#touched) event.preventDefault();
    });
    this.listen(dialog, 'close', () => this.#opener?.focus());
    // a form inside that went through (its answer is not a fault) closes the dialog
    this.listen<CustomEvent>(dialog, 'htmx:finally:request', (event) => {
      const { response } = event.detail.ctx as { response?: { status: number } };
      if (response && response.status < 400 && above(event, '[data-closes]')) this.close();
    });
    if (dialog.hasAttribute('data-open')) this.open(null);
  }

  open(opener: HTMLElement | null): void {
    const { dialog } = this;
    if (!dialog || dialog.open) return;
    this.#opener = opener;
    this.#touched = false;
    const address = opener?.dataset['load'];
    const body = dialog.querySelector<HTMLElement>('[data-body]');
    if (address && body) void htmx.ajax('GET', address, { target: body, swap: 'innerHTML' });
    dialog.showModal();
  }

  close(): void {
    if (this.dialog?.open) this.dialog.close();
  }
}

define('sz-dialog', SzDialog);
