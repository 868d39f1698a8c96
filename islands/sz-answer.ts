/**
 * <sz-answer data-place="…" data-limit="20"> around the form of an answer: what is typed is kept on this device until it was taken.
 * Sent by fetch with `Accept: application/json`:
 *   200 {"next": url}                                    taken: what was kept is forgotten, and the page moves on
 *   409, 422 {"message", "faults": {code: sentence}, "theirs": {code: text}, "version"}   said at the questions
 * With no network, or a server that is away, it waits and is sent again by itself; the hidden ticket makes that one answer.
 * Files are not kept: a page that was closed asks for them again. `data-limit` is their size in MB, said before they travel.
 */
import { csrf, define, Island, settle } from './lib/island.ts';
import { showSaved } from './lib/saved.ts';
import { t } from './lib/words.ts';

const RETRY = 3000;
const LONGEST = 60_000;
const APART = new Set(['csrfmiddlewaretoken', 'ticket', 'version']);

interface Kept {
  ticket: string;
  values: Record<string, string[]>;
  waiting: boolean;
}
interface Answer {
  next?: string;
  message?: string;
  faults?: Record<string, string>;
  theirs?: Record<string, string>;
  version?: number | null;
}

export class SzAnswer extends Island {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #busy = false;
  #waiting = false;

  protected override start(): void {
    const form = this.#form();
    if (!form) return;
    this.#restore(form);
    const keep = settle(300, () => this.#keep(form));
    this.listen(form, 'input', keep);
    this.listen(form, 'change', (event) => {
      if (event.target instanceof HTMLInputElement && event.target.type === 'file') this.#weigh(event.target);
      keep();
    });
    this.listen(form, 'submit', (event) => {
      event.preventDefault();
      void this.send();
    });
    this.listen(window, 'online', () => {
      if (this.#waiting) void this.send();
    });
  }

  protected override stop(): void {
    clearTimeout(this.#timer);
  }

  /** Sends now; resolves when the answer was dealt with. */
  async send(): Promise<void> {
    const form = this.#form();
    if (!form || this.#busy) return;
    clearTimeout(this.#timer);
    this.#busy = true;
    this.#waiting = true;
    this.#keep(form);
    const button = form.querySelector<HTMLButtonElement>('button[type=submit]');
    if (button) button.disabled = true;
    showSaved(this, 'saving', 1, null);
    try {
      const response = await fetch(form.action || location.href, {
        method: 'POST',
        headers: { Accept: 'application/json', 'X-CSRFToken': csrf() },
        body: new FormData(form),
      });
      if (response.status >= 500) throw new Error('away');
      const type = response.headers.get('Content-Type') ?? '';
      const answer = type.includes('json') ? ((await response.json()) as Answer) : {};
      this.#failures = 0;
      this.#waiting = false;
      if (response.ok && answer.next) {
        localStorage.removeItem(this.#place());
        document.dispatchEvent(new CustomEvent('sz:kept', { detail: { count: 0 } }));
        location.assign(answer.next);
        return;
      }
      this.#keep(form);
      this.#refused(answer, response.status);
    } catch {
      // no network: everything stays here and goes by itself
      this.#failures += 1;
      showSaved(this, 'kept', 1, null);
      this.#message(t('answerWaits'));
      this.#timer = setTimeout(() => void this.send(), Math.min(LONGEST, RETRY * 2 ** (this.#failures - 1)));
    } finally {
      this.#busy = false;
      if (button) button.disabled = false;
    }
  }

  #form(): HTMLFormElement | null {
    return this.find<HTMLFormElement>('form');
  }

  #place(): string {
    return this.dataset['place'] ?? `sz-collect:${location.pathname}`;
  }

  #keep(form: HTMLFormElement): void {
    const values: Record<string, string[]> = {};
    for (const [name, value] of new FormData(form).entries()) {
      if (!APART.has(name) && typeof value === 'string' && value) (values[name] ??= []).push(value);
    }
    const ticket = form.querySelector<HTMLInputElement>('[name=ticket]')?.value ?? '';
    const kept: Kept = { ticket, values, waiting: this.#waiting };
    try {
      localStorage.setItem(this.#place(), JSON.stringify(kept));
      showSaved(this, 'saved', 0, new Date());
    } catch {
      this.#message(t('noPlace'));
    }
  }

  #restore(form: HTMLFormElement): void {
    const left = localStorage.getItem(this.#place());
    if (!left) return;
    const kept = JSON.parse(left) as Kept;
    for (const field of form.elements) {
      if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) || !field.name || APART.has(field.name)) continue;
      const values = kept.values[field.name] ?? [];
      if (field.type === 'radio' || field.type === 'checkbox') (field as HTMLInputElement).checked = values.includes(field.value);
      else if (field.type !== 'file' && field.type !== 'hidden' && field.id !== 'trap') field.value = values[0] ?? '';
    }
    if (kept.waiting) {
      // it was on its way when the page closed: under the same ticket it is the same answer, should it have arrived after all
      const ticket = form.querySelector<HTMLInputElement>('[name=ticket]');
      if (ticket && kept.ticket) ticket.value = kept.ticket;
      this.#waiting = true;
      this.#timer = setTimeout(() => void this.send(), 0);
    }
  }

  #weigh(field: HTMLInputElement): void {
    const limit = Number(this.dataset['limit'] ?? 20);
    const file = field.files?.[0];
    const tooLarge = file !== undefined && file.size > limit * 1024 * 1024;
    this.#fault(field.name, tooLarge ? t('fileTooLarge', { n: limit }) : '');
    if (tooLarge) field.value = '';
  }

  #refused(answer: Answer, status: number): void {
    for (const place of this.all('[data-question]')) this.#fault(place.dataset['question'] ?? '', answer.faults?.[place.dataset['question'] ?? ''] ?? '');
    for (const [code, text] of Object.entries(answer.theirs ?? {})) this.#fault(code, t('theirs', { text }));
    const version = this.find<HTMLInputElement>('[name=version]');
    if (version && answer.version) version.value = String(answer.version);
    const usual = { 401: t('signedOut'), 403: t('forbidden'), 404: t('missing'), 413: t('tooLarge'), 429: t('tooMany') }[status];
    this.#message(answer.message ?? usual ?? t('badRequest'));
    this.find('.is-wrong')?.scrollIntoView({ block: 'center' });
  }

  #fault(code: string, sentence: string): void {
    const place = this.find(`[data-question="${CSS.escape(code)}"]`);
    if (!place) return;
    place.classList.toggle('is-wrong', sentence !== '');
    const line = place.querySelector<HTMLElement>('[data-fault]');
    if (line) line.textContent = sentence;
  }

  #message(text: string): void {
    const place = this.find('[data-message]');
    if (!place) return;
    const note = document.createElement('div');
    note.className = 'sz-note over';
    note.textContent = text;
    place.replaceChildren(note);
  }
}

define('sz-answer', SzAnswer);
