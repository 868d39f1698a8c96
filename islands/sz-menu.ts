/**
 * <sz-menu>: a button and the panel it opens.
 *   <sz-menu><button aria-haspopup="menu" aria-expanded="false">…</button><div class="sz-pop" data-panel hidden>…</div></sz-menu>
 * The panel holds `role="menu"` items (arrow keys, Home, End, first letters) or anything else (Tab as usual).
 * Esc, a click outside and choosing an item close it. `data-load="/…"` on the panel fetches its content when first opened.
 */
import htmx from 'htmx.org';
import { above, define, Island } from './lib/island.ts';

export class SzMenu extends Island {
  #typed = '';
  #typedAt = 0;

  get button(): HTMLElement | null {
    return this.find('[aria-haspopup]');
  }

  get panel(): HTMLElement | null {
    return this.find('[data-panel]');
  }

  get isOpen(): boolean {
    return this.panel !== null && !this.panel.hidden;
  }

  protected override start(): void {
    this.listen(this, 'click', (event) => {
      if (above(event, '[aria-haspopup]') === this.button) return this.isOpen ? this.close() : this.open();
      if (above(event, '[role^="menuitem"]')) this.close();
    });
    this.listen<KeyboardEvent>(this, 'keydown', (event) => this.#key(event));
    this.listen(document, 'click', (event) => {
      if (this.isOpen && !this.contains(event.target as Node)) this.close(false);
    });
    this.listen<FocusEvent>(this, 'focusout', (event) => {
      if (this.isOpen && event.relatedTarget instanceof Node && !this.contains(event.relatedTarget)) this.close(false);
    });
  }

  open(focus: 'first' | 'last' | 'none' = 'none'): void {
    const { panel, button } = this;
    if (!panel || !button) return;
    panel.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    const address = panel.dataset['load'];
    if (address) {
      delete panel.dataset['load'];
      void htmx.ajax('GET', address, { target: panel, swap: 'innerHTML' });
    }
    const items = this.#items();
    if (focus === 'first') items[0]?.focus();
    else if (focus === 'last') items[items.length - 1]?.focus();
  }

  close(back = true): void {
    const { panel, button } = this;
    if (!panel || !button || panel.hidden) return;
    panel.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    if (back) button.focus();
  }

  #items(): HTMLElement[] {
    return [...(this.panel?.querySelectorAll<HTMLElement>('[role^="menuitem"]:not([disabled])') ?? [])];
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.isOpen) {
      event.stopPropagation();
      return this.close();
    }
    const onButton = event.target === this.button;
    if (onButton && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      return this.open(event.key === 'ArrowDown' ? 'first' : 'last');
    }
    const items = this.#items();
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (!this.isOpen || at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length]?.focus();
    } else if (event.key.length === 1 && event.key !== ' ') {
      this.#typed = event.timeStamp - this.#typedAt < 700 ? this.#typed + event.key : event.key;
      this.#typedAt = event.timeStamp;
      items.find((item) => item.textContent?.trim().toLowerCase().startsWith(this.#typed.toLowerCase()))?.focus();
    }
  }
}

define('sz-menu', SzMenu);
