/**
 * <sz-choose data-url="/r/places/choices/parent/">: finding one record by typing, for a foreign key with too many to list.
 *   <sz-choose data-url="…"><input type="hidden" name="parent"><input role="combobox" …><div role="listbox" hidden></div></sz-choose>
 * `GET {data-url}?q=…` answers with `<a role="option" data-value data-label>`. The hidden input carries the id; it is
 * emptied as soon as the text no longer names what was chosen, so that text and id never differ. Emits `sz:choose` {value, label}.
 */
import { above, define, Island, settle } from './lib/island.ts';
import { toast } from './sz-toast.ts';
import { t } from './lib/words.ts';

export class SzChoose extends Island {
  #at = -1;
  #asked = 0;
  #label = '';

  get input(): HTMLInputElement {
    return this.querySelector<HTMLInputElement>('[role="combobox"]')!;
  }

  get carrier(): HTMLInputElement {
    return this.querySelector<HTMLInputElement>('input[type="hidden"]')!;
  }

  get list(): HTMLElement {
    return this.querySelector<HTMLElement>('[role="listbox"]')!;
  }

  protected override start(): void {
    this.#label = this.carrier.value ? this.input.value : '';
    const ask = settle(150, () => {
      if (!this.carrier.value) void this.suggest(); // chosen meanwhile: the list stays shut
    });
    this.listen(this.input, 'input', () => {
      if (this.input.value !== this.#label) this.carrier.value = '';
      ask();
    });
    this.listen(this.input, 'focus', () => void this.suggest());
    this.listen(this.input, 'blur', () => this.#leave());
    this.listen<KeyboardEvent>(this.input, 'keydown', (event) => this.#key(event));
    // the box keeps the focus, so that leaving it does not close the list before the click arrives
    this.listen<MouseEvent>(this.list, 'mousedown', (event) => event.preventDefault());
    this.listen<MouseEvent>(this.list, 'click', (event) => {
      const option = above(event, '[role="option"]');
      if (!option) return;
      event.preventDefault();
      this.choose(option);
    });
  }

  /** Asks for what the text finds and shows it; an answer to an older question is dropped. */
  async suggest(): Promise<void> {
    const address = this.dataset['url'];
    if (!address) return;
    const mine = (this.#asked += 1);
    const text = this.input.value === this.#label ? '' : this.input.value.trim();
    try {
      const answer = await fetch(`${address}${address.includes('?') ? '&' : '?'}q=${encodeURIComponent(text)}`, { headers: { Accept: 'text/html' } });
      if (mine !== this.#asked) return;
      if (!answer.ok) return void toast({ text: t('suggestFailed'), level: 'warning' });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      this.list.replaceChildren(...page.body.childNodes);
    } catch {
      if (mine === this.#asked) toast({ text: t('offline'), level: 'warning' });
      return;
    }
    this.#options.forEach((option, i) => {
      option.id = `${this.list.id}-${i}`;
      option.setAttribute('aria-selected', 'false');
    });
    this.#at = -1;
    this.#show(document.activeElement === this.input);
  }

  choose(option: HTMLElement): void {
    const { value = '', label = '' } = option.dataset;
    this.carrier.value = value;
    this.input.value = this.#label = label;
    this.#asked += 1; // what was asked before this choice no longer opens the list
    this.#show(false);
    this.dispatchEvent(new CustomEvent('sz:choose', { bubbles: true, detail: { value, label } }));
    this.carrier.dispatchEvent(new Event('change', { bubbles: true }));
  }

  get #options(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>('[role="option"]')];
  }

  #leave(): void {
    this.#show(false);
    this.#asked += 1;
    if (this.carrier.value) this.input.value = this.#label;
  }

  #show(on: boolean): void {
    this.list.hidden = !on;
    this.input.setAttribute('aria-expanded', String(on));
    if (!on) this.input.removeAttribute('aria-activedescendant');
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape' && !this.list.hidden) {
      event.stopPropagation();
      return this.#show(false);
    }
    const options = this.#options;
    if (event.key === 'Enter' && !this.list.hidden) {
      const option = options[this.#at] ?? (options.length === 1 ? options[0] : undefined);
      if (!option) return;
      event.preventDefault();
      return this.choose(option);
    }
    if (!/^Arrow(Up|Down)$/.test(event.key)) return;
    event.preventDefault();
    if (this.list.hidden || !options.length) return void this.suggest();
    const step = event.key === 'ArrowDown' ? 1 : -1;
    this.#at = this.#at < 0 ? (step > 0 ? 0 : options.length - 1) : (this.#at + step + options.length) % options.length;
    options.forEach((option, i) => option.setAttribute('aria-selected', String(i === this.#at)));
    const chosen = options[this.#at];
    if (chosen) {
      this.input.setAttribute('aria-activedescendant', chosen.id);
      chosen.scrollIntoView({ block: 'nearest' });
    }
  }
}

define('sz-choose', SzChoose);
