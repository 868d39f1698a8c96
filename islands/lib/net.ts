/**
 * htmx 4 as this product uses it: the CSRF header, faults in words, waiting that is seen, questions before loss.
 * 422, 409 and 400 carry a page part with the faults in it and are swapped in; every other fault leaves the page alone.
 */
import htmx from 'htmx.org';
import { toast } from '../sz-toast.ts';
import { ask, question } from './confirm.ts';
import { csrf, el } from './island.ts';
import { t, type Word } from './words.ts';

interface Context {
  sourceElement: HTMLElement;
  sourceEvent: Event & { submitter?: HTMLElement | null };
  target: HTMLElement;
  text?: string;
  swap?: string;
  request: { method: string; action: string; headers: Record<string, string> };
  response?: { raw: Response; status: number };
}

const SHOW_AFTER = 300;
const COUNT_AFTER = 2000;
const TIMEOUT_SECONDS = 60;

const SAID: Record<number, Word> = { 400: 'badRequest', 401: 'signedOut', 403: 'forbidden', 404: 'missing', 413: 'tooLarge', 429: 'tooMany' };

/** What a faulty answer says for itself: our error pages carry `data-say` and `data-number`. */
export function told(html: string): { say: string; number: string } {
  const page = new DOMParser().parseFromString(html, 'text/html');
  return {
    say: page.querySelector('[data-say]')?.textContent?.trim() ?? '',
    number: page.querySelector('[data-number]')?.getAttribute('data-number') ?? '',
  };
}

/** The sentence for a status, with the server's own words where it has some. */
export function sentence(status: number, html = ''): string {
  const { say, number } = html ? told(html) : { say: '', number: '' };
  const text = say || t(SAID[status] ?? (status >= 500 ? 'serverError' : 'badRequest'));
  return number ? `${text}（${t('number', { n: number })}）` : text;
}

/** Sends the same thing again. */
function again(ctx: Context): void {
  const from = ctx.sourceElement;
  if (from instanceof HTMLFormElement) from.requestSubmit((ctx.sourceEvent.submitter ?? null) as HTMLButtonElement | null);
  else htmx.trigger(from, ctx.sourceEvent.type || 'click');
}

class Wait {
  #timers: ReturnType<typeof setTimeout>[] = [];
  #shown: Element[] = [];
  #target: HTMLElement;

  constructor(target: HTMLElement) {
    this.#target = target;
    this.#timers.push(setTimeout(() => this.#show(), SHOW_AFTER), setTimeout(() => this.#count(), COUNT_AFTER));
  }

  #show(): void {
    this.#target.setAttribute('aria-busy', 'true');
    this.#target.classList.add('sz-wait');
    const lines = Number(this.#target.dataset['skeleton'] ?? 0);
    if (lines) {
      const widths = ['w-45', 'w-80', 'w-60', 'w-30'];
      const bars = Array.from({ length: lines }, (_x, i) => el('span', { class: `sz-skel ${widths[i % 4]}` }));
      this.#target.replaceChildren(el('div', { class: 'pt-skel' }, ...bars));
    }
    this.#add(el('div', { class: 'sz-wait-bar', role: 'presentation' }));
  }

  #count(): void {
    const text = el('span', {}, t('waiting', { n: 2 }));
    this.#add(el('div', { class: 'sz-wait-note', role: 'status' }, el('span', { class: 'sz-spin blue' }), text));
    let seconds = 2;
    this.#timers.push(setInterval(() => (text.textContent = t('waiting', { n: (seconds += 1) })), 1000));
  }

  #add(element: HTMLElement): void {
    document.body.append(element);
    this.#shown.push(element);
  }

  end(): void {
    this.#timers.forEach(clearTimeout);
    this.#shown.forEach((element) => element.remove());
    this.#target.removeAttribute('aria-busy');
    this.#target.classList.remove('sz-wait');
  }
}

export function startNet(): void {
  Object.assign(htmx.config, { includeIndicatorCSS: false, noSwap: [204, 304, 401, 403, 404, 405, 408, 413, 429, '5xx'] });
  const waits = new WeakMap<Context, Wait>();
  const on = (name: string, then: (detail: { ctx: Context; error?: Error & { name: string } }, event: Event) => void) =>
    document.addEventListener(name, (event) => then((event as CustomEvent).detail, event));

  on('htmx:config:request', ({ ctx }) => {
    if (!/^(GET|HEAD)$/.test(ctx.request.method)) ctx.request.headers['X-CSRFToken'] = csrf();
  });
  on('htmx:confirm', (detail, event) => {
    const what = question(detail.ctx.sourceElement);
    if (!what) return;
    event.preventDefault();
    const { issueRequest, dropRequest } = detail as unknown as { issueRequest: () => void; dropRequest: () => void };
    void ask(what).then((yes) => (yes ? issueRequest() : dropRequest()));
  });
  on('htmx:before:request', ({ ctx }) => {
    if (ctx.target) waits.set(ctx, new Wait(ctx.target));
  });
  on('htmx:after:request', ({ ctx }) => {
    // a redirect to sign-in would otherwise be swapped into the middle of the page
    if (ctx.response?.raw.redirected && /<body[^>]*\sdata-sign-in/.test(ctx.text ?? '')) {
      ctx.swap = 'none';
      const { url } = ctx.response.raw;
      toast({ text: t('signedOut'), level: 'warning', action: { label: t('signIn'), run: () => window.open(url, '_blank') } });
    }
  });
  on('htmx:response:error', ({ ctx }) => {
    const status = ctx.response?.status ?? 0;
    if ([400, 409, 422].includes(status)) return;
    const text = sentence(status, ctx.text);
    const retry = status >= 500 || status === 429 ? { action: { label: t('retry'), run: () => again(ctx) } } : {};
    toast({ text, level: 'error', ...retry });
  });
  on('htmx:error', ({ ctx, error }) => {
    if (!ctx) return;
    const timedOut = (error as unknown) === 'timeout' || error?.name === 'AbortError';
    toast({
      text: timedOut ? t('timeout', { n: TIMEOUT_SECONDS }) : t('offline'),
      level: 'error',
      action: { label: t('retry'), run: () => again(ctx) },
    });
  });
  on('htmx:finally:request', ({ ctx }) => {
    waits.get(ctx)?.end();
    waits.delete(ctx);
  });
}
