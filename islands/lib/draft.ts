/**
 * Keeping a draft: every change on this device at once, the whole to the server a moment later, with the version it was made on.
 *   PATCH or PUT {url} {"version", …} → 200 {"version", …} · 409 {"version", "message", …} · 422 {"message", …}
 * What did not reach the server last time goes with the version it was made on, so that a clash is seen and told.
 */
import { csrf, settle } from './island.ts';
import { showSaved } from './saved.ts';
import { t } from './words.ts';
import { toast } from '../sz-toast.ts';

export interface Answer {
  version?: number;
  message?: string;
  [more: string]: unknown;
}
export interface Keeping {
  place: string;
  url: string;
  version: number;
  method: 'PATCH' | 'PUT';
  /** What is sent beside the version. */
  body(): Record<string, unknown>;
  /** Takes up what was changed a moment ago and is not in `body` yet; null when there is nothing. */
  catchUp?(): Promise<void> | null;
  /** It was stored. */
  took(answer: Answer): void;
  /** Somebody else stored meanwhile: true to go on with one's own. False: theirs has been taken over. */
  clash(answer: Answer): Promise<boolean>;
  /** It can't be stored as it is; it stays on this device. */
  refused?(answer: Answer): void;
}

export class Draft {
  readonly #of: Keeping;
  #dirty = false;
  #busy: Promise<void> | null = null;
  #save = settle(700, () => void this.flush());

  constructor(of: Keeping) {
    this.#of = of;
    document.addEventListener('click', (event) => this.#follow(event));
  }

  /** A link waits until what was changed has been sent, so that the page behind it begins with it. */
  #follow(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null;
    if (!link || link.target || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    if (link.getAttribute('href')?.startsWith('#')) return;
    const late = this.#of.catchUp?.() ?? null;
    if (!this.#dirty && !this.#busy && !late) return;
    event.preventDefault();
    void Promise.resolve(late).then(() => this.flush()).finally(() => location.assign(link.href)); // what was not taken stays on this device
  }

  get dirty(): boolean {
    return this.#dirty;
  }

  /** What did not reach the server last time, to be taken over and sent. */
  kept(): Record<string, unknown> | null {
    const text = localStorage.getItem(this.#of.place);
    if (!text) return null;
    const found = JSON.parse(text) as Record<string, unknown>;
    if (typeof found['version'] === 'number') this.#of.version = found['version'];
    this.#dirty = true;
    this.#save();
    return found;
  }

  changed(): void {
    this.#dirty = true;
    try {
      localStorage.setItem(this.#of.place, JSON.stringify({ version: this.#of.version, ...this.#of.body() }));
    } catch {
      toast({ text: t('noPlace'), level: 'warning' }); // the browser's own limit; the server still gets it
    }
    this.#save();
  }

  /** Sends the draft as it is; resolves when the answer was dealt with. */
  async flush(): Promise<void> {
    await this.#of.catchUp?.();
    await this.#busy;
    if (!this.#dirty) return;
    this.#busy = this.#send().finally(() => (this.#busy = null));
    await this.#busy;
  }

  async #send(): Promise<void> {
    const of = this.#of;
    this.#dirty = false;
    showSaved(document.body, 'saving', 1, null);
    try {
      const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': csrf() };
      const response = await fetch(of.url, { method: of.method, headers, body: JSON.stringify({ version: of.version, ...of.body() }) });
      const answer = (await response.json()) as Answer;
      if (response.ok) this.#took(answer);
      else if (response.status === 409) await this.#clash(answer);
      else {
        this.#dirty = true;
        showSaved(document.body, 'fault', 1, null);
        toast({ text: answer.message ?? t('badRequest'), level: 'error' });
        of.refused?.(answer);
      }
    } catch {
      this.#dirty = true; // no network, or no answer that can be read
      showSaved(document.body, 'kept', 1, null);
      setTimeout(() => void this.flush(), 5000);
    }
  }

  #took(answer: Answer): void {
    this.#of.version = answer.version ?? this.#of.version;
    if (this.#dirty) this.#save();
    else localStorage.removeItem(this.#of.place);
    showSaved(document.body, 'saved', 0, new Date());
    this.#of.took(answer);
  }

  async #clash(answer: Answer): Promise<void> {
    const mine = await this.#of.clash(answer);
    this.#of.version = answer.version ?? this.#of.version;
    if (mine) return this.changed();
    this.#dirty = false;
    localStorage.removeItem(this.#of.place);
    showSaved(document.body, 'saved', 0, new Date());
  }
}
