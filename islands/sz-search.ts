/**
 * <sz-search data-suggest="/search/suggest">: the box in the top bar. Ctrl K (or /) goes there from anywhere.
 * Asks `GET {data-suggest}?q=…` for JSON `{groups: [{label, items: [{label, hint, url, icon}]}]}`; label and hint are text,
 * `**…**` in a label marks what matched. Arrows choose, Enter opens; with nothing chosen the form searches everything.
 */
import { define, el, icon, Island, settle, typing } from './lib/island.ts';
import { t } from './lib/words.ts';

interface Suggestion {
  label: string;
  url: string;
  hint?: string;
  icon?: string;
}
interface Answer {
  groups: { label: string; items: Suggestion[] }[];
}

export class SzSearch extends Island {
  #asked = '';
  #at = -1;

  get input(): HTMLInputElement {
    return this.querySelector('input')!;
  }

  get list(): HTMLElement {
    return this.querySelector('[role="listbox"]')!;
  }

  protected override start(): void {
    const ask = settle(150, () => void this.suggest());
    this.listen(this.input, 'input', () => ask());
    this.listen(this.input, 'focus', () => this.input.select());
    this.listen<KeyboardEvent>(this.input, 'keydown', (event) => this.#key(event));
    this.listen<MouseEvent>(this.list, 'mousedown', (event) => event.preventDefault());
    this.listen(this.input, 'blur', () => this.#show(false));
    this.listen<KeyboardEvent>(document, 'keydown', (event) => {
      const palette = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey);
      if (palette || (event.key === '/' && !typing(event))) {
        event.preventDefault();
        this.input.focus();
      }
    });
  }

  /** Asks for suggestions to what stands in the box and shows them. */
  async suggest(): Promise<void> {
    const q = this.input.value.trim();
    this.#asked = q;
    const address = this.dataset['suggest'];
    if (!q || !address) return this.#show(false);
    let answer: Answer | null = null;
    try {
      const response = await fetch(`${address}${address.includes('?') ? '&' : '?'}q=${encodeURIComponent(q)}`, { headers: { Accept: 'application/json' } });
      if (response.ok) answer = (await response.json()) as Answer;
    } catch {
      answer = null; // told below: the box still searches without suggestions
    }
    // an answer to an older question must not overwrite a newer one
    if (this.#asked === q) this.#draw(q, answer);
  }

  #draw(q: string, answer: Answer | null): void {
    this.#at = -1;
    this.list.replaceChildren();
    let count = 0;
    for (const group of answer?.groups ?? []) {
      if (!group.items.length) continue;
      this.list.append(el('div', { class: 'grp', role: 'presentation' }, group.label));
      for (const item of group.items) {
        const link = el('a', { role: 'option', id: `sz-suggest-${count}`, href: item.url, tabindex: '-1', 'aria-selected': 'false' });
        if (item.icon) link.append(icon(item.icon, 't-3'));
        link.append(el('span', { class: 'grow ellipsis' }, ...marked(item.label)));
        if (item.hint) link.append(el('span', { class: 't-12 t-3' }, item.hint));
        this.list.append(link);
        count += 1;
      }
    }
    if (!count) this.list.append(el('div', { class: 'none', role: 'presentation' }, answer ? t('noSuggestion', { q }) : t('suggestFailed')));
    this.#show(true);
  }

  #show(on: boolean): void {
    this.list.hidden = !on;
    this.input.setAttribute('aria-expanded', String(on));
    if (!on) this.input.removeAttribute('aria-activedescendant');
  }

  #key(event: KeyboardEvent): void {
    const options = this.all<HTMLAnchorElement>('[role="option"]');
    if (event.key === 'Escape') {
      if (!this.list.hidden) event.stopPropagation();
      return this.#show(false);
    }
    if (event.key === 'Enter' && this.#at >= 0 && !this.list.hidden) {
      event.preventDefault();
      return options[this.#at]?.click();
    }
    if (!/^Arrow(Up|Down)$/.test(event.key) || !options.length) return;
    event.preventDefault();
    this.#show(true);
    this.#at = (this.#at + (event.key === 'ArrowDown' ? 1 : -1) + options.length + (this.#at < 0 && event.key === 'ArrowUp' ? 1 : 0)) % options.length;
    options.forEach((option, i) => option.setAttribute('aria-selected', String(i === this.#at)));
    const chosen = options[this.#at];
    if (chosen) {
      this.input.setAttribute('aria-activedescendant', chosen.id);
      chosen.scrollIntoView({ block: 'nearest' });
    }
  }
}

/** `a**b**c` → text, <mark>, text. */
function marked(text: string): (Node | string)[] {
  return text.split('**').map((part, i) => (i % 2 ? el('mark', {}, part) : part));
}

define('sz-search', SzSearch);
