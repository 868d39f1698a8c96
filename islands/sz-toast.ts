/**
 * <sz-toasts>: short messages at the foot; the page puts Django's messages in it, scripts call `toast`.
 * A response may carry one:  HX-Trigger: {"sz:toast": {"text": "已向 13 家催报", "undo": "/…/undo", "level": "success"}}
 * (ASCII-escaped JSON). Undo waits 8 seconds, posts to the address, and tells the page by `sz:undone`.
 */
import { above, csrf, define, el, icon, Island } from './lib/island.ts';
import { t } from './lib/words.ts';

export interface Toast {
  text: string;
  level?: 'success' | 'info' | 'warning' | 'error';
  /** Address to post to within 8 seconds. */
  undo?: string;
  action?: { label: string; run: () => void };
  /** How long it stays; errors and those with an action stay until closed. */
  seconds?: number;
}

const UNDO_SECONDS = 8;
const STAY_SECONDS = 5;

export class SzToasts extends Island {
  protected override start(): void {
    for (const shown of this.all('.sz-toast')) this.#life(shown, shown.dataset['level'] ?? 'info');
    this.listen(this, 'click', (event) => {
      if (above(event, '[data-close]')) above(event, '.sz-toast')?.remove();
    });
    this.listen<CustomEvent>(document, 'sz:toast', (event) => this.show(event.detail as Toast));
  }

  show(toast: Toast): HTMLElement {
    const level = toast.level ?? 'success';
    const bad = level === 'error' || level === 'warning';
    const close = el('button', { class: 'sz-icon-btn pt-x', type: 'button', 'data-close': '', 'aria-label': t('close') }, icon('x'));
    const box = el('div', { class: 'sz-toast', 'data-level': level }, icon(bad ? 'alert-triangle' : 'circle-check'), el('span', { class: 'grow' }, toast.text));
    if (toast.undo) box.append(this.#undoButton(box, toast.undo));
    if (toast.action) {
      const { label, run } = toast.action;
      const button = el('button', { class: 'undo', type: 'button' }, label);
      button.addEventListener('click', () => {
        box.remove();
        run();
      });
      box.append(button);
    }
    box.append(close);
    this.append(box);
    if (!toast.undo && !toast.action) this.#life(box, level, toast.seconds);
    return box;
  }

  #life(box: HTMLElement, level: string, seconds = STAY_SECONDS): void {
    const undo = /undo=(\S+)/.exec(box.dataset['tags'] ?? '')?.[1];
    if (undo) return void box.lastElementChild?.before(this.#undoButton(box, undo));
    if (level !== 'error' && level !== 'warning') setTimeout(() => box.remove(), seconds * 1000);
  }

  #undoButton(box: HTMLElement, address: string): HTMLButtonElement {
    let left = UNDO_SECONDS;
    const button = el('button', { class: 'undo', type: 'button' }, t('undo', { n: left }));
    const clock = setInterval(() => {
      left -= 1;
      button.textContent = t('undo', { n: left });
      if (left <= 0 || !box.isConnected) {
        clearInterval(clock);
        box.remove();
      }
    }, 1000);
    button.addEventListener('click', () => {
      clearInterval(clock);
      button.disabled = true;
      fetch(address, { method: 'POST', headers: { 'X-CSRFToken': csrf() } })
        .then((answer) => {
          box.remove();
          if (!answer.ok) return void this.show({ text: t('undoFailed'), level: 'error' });
          this.show({ text: t('undone') });
          document.dispatchEvent(new CustomEvent('sz:undone', { detail: { undo: address } }));
        })
        .catch(() => {
          box.remove();
          this.show({ text: t('offline'), level: 'error' });
        });
    });
    return button;
  }
}

define('sz-toasts', SzToasts);

/** Shows a message from anywhere. */
export function toast(message: Toast): void {
  document.querySelector<SzToasts>('sz-toasts')?.show(message);
}
