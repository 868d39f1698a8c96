/** A page for tests under `node --test`: happy-dom's window in the place of the browser's. Import it first. */
import { Window } from 'happy-dom';

const view = new Window({ url: 'http://localhost/', settings: { disableJavaScriptEvaluation: true } });
const names = [
  'window', 'document', 'HTMLElement', 'HTMLInputElement', 'HTMLFormElement', 'HTMLButtonElement', 'HTMLDialogElement',
  'HTMLAnchorElement', 'HTMLTableRowElement', 'HTMLTableCellElement', 'HTMLTextAreaElement', 'HTMLSelectElement', 'Element', 'Node', 'Event', 'CustomEvent', 'KeyboardEvent', 'MouseEvent',
  'customElements', 'localStorage', 'sessionStorage', 'location', 'history', 'FormData', 'DOMParser', 'MutationObserver', 'ResizeObserver', 'getComputedStyle', 'CSS', 'HTMLMetaElement',
] as const; // prettier-ignore
for (const name of names) {
  Object.defineProperty(globalThis, name, { value: name === 'window' ? view : view[name as keyof Window], configurable: true, writable: true });
}

Object.assign(globalThis, { requestAnimationFrame: view.requestAnimationFrame.bind(view), cancelAnimationFrame: view.cancelAnimationFrame.bind(view) });

// htmx looks for hx-on with XPath, which happy-dom lacks; no template has hx-on, so there is nothing to find
Object.assign(globalThis, { XPathEvaluator: class { createExpression() { return { evaluate: () => ({ iterateNext: () => null }) }; } } }); // prettier-ignore

/** Puts `html` on the page and gives the first element of `selector`. */
export function page<T extends Element = HTMLElement>(html: string, selector = '*'): T {
  // like a browser: parse the whole first, then put it in the page (happy-dom connects while it parses)
  const box = document.createElement('div');
  box.innerHTML = html;
  document.body.replaceChildren(...box.childNodes);
  return document.body.querySelector<T>(selector)!;
}

/** Presses a key on an element. */
export function press(on: Element, key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  on.dispatchEvent(event);
  return event;
}

export const soon = (ms = 0): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Waits until something holds: machines are slow at times, and a wait of so many milliseconds is a guess. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !holds(); turn += 1) await soon(5);
}
