/** What every island has in common: listeners that go away with the element, and a few DOM words. */

/** Base of the custom elements. `start` runs when the element is in the page, `stop` when it leaves it. */
export abstract class Island extends HTMLElement {
  #undo: (() => void)[] = [];

  connectedCallback(): void {
    this.start();
  }

  disconnectedCallback(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.stop();
  }

  protected abstract start(): void;

  protected stop(): void {}

  /** Listens until the element leaves the page (`signal` in addEventListener is younger than Chromium 88). */
  protected listen<E extends Event = Event>(on: EventTarget, type: string, then: (event: E) => void, capture = false): void {
    on.addEventListener(type, then as EventListener, capture);
    this.#undo.push(() => on.removeEventListener(type, then as EventListener, capture));
  }

  protected find<T extends Element = HTMLElement>(selector: string): T | null {
    return this.querySelector<T>(selector);
  }

  protected all<T extends Element = HTMLElement>(selector: string): T[] {
    return [...this.querySelectorAll<T>(selector)];
  }
}

/** Registers an island once; a bundle that is loaded twice does no harm. */
export function define(name: string, island: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, island);
}

/** The nearest element at or above an event's target. */
export function above<T extends Element = HTMLElement>(event: Event, selector: string): T | null {
  return event.target instanceof Element ? event.target.closest<T>(selector) : null;
}

/** An icon of the sprite. */
export function icon(name: string, css = ''): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', `icon ${css}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(space, 'use');
  const sprite = document.querySelector<HTMLMetaElement>('meta[name="sz-icons"]')?.content ?? '';
  use.setAttribute('href', `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** An element with text and attributes; text is never read as HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attrs: Record<string, string> = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

/** The token Django asks for with every request that changes something. */
export function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
}

/** Whether keys are being typed into a field, so that single-letter shortcuts must keep still. */
export function typing(event: KeyboardEvent): boolean {
  const on = event.target;
  return on instanceof HTMLElement && (on.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName) && on.getAttribute('type') !== 'checkbox');
}

/** Calls `then` once `wait` ms have passed without another call. */
export function settle<A extends unknown[]>(wait: number, then: (...args: A) => void): (...args: A) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => then(...args), wait);
  };
}
