/**
 * <sz-live data-url="/live">: the stream of what is new for this person (server-sent events).
 * Each message is JSON `{kind, …}` and goes to the page as `sz:live`; `{kind: "count", name: "notices", value: 6}` sets
 * every `[data-live="notices"]`; `{kind: "notice", title, url}` is said in a toast. Reconnects after 1, 2, 4 … 60 s
 * (with some chance, so that thousands do not come back at once); a page in the background lets go after 5 minutes.
 */
import { define, Island } from './lib/island.ts';
import { toast } from './sz-toast.ts';
import { num, t } from './lib/words.ts';

const LONGEST_WAIT = 60_000;
const REST_AFTER = 300_000;

export interface Live {
  kind: string;
  name?: string;
  value?: number;
  title?: string;
  url?: string;
}

export class SzLive extends Island {
  #source: EventSource | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;

  protected override start(): void {
    this.#connect();
    this.listen(document, 'visibilitychange', () => {
      clearTimeout(this.#rest);
      if (document.hidden) this.#rest = setTimeout(() => this.stop(), REST_AFTER);
      else if (!this.#source) this.#connect();
    });
  }

  protected override stop(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #connect(): void {
    clearTimeout(this.#timer);
    const address = this.dataset['url'];
    if (!address) return;
    const source = new EventSource(address);
    this.#source = source;
    source.onopen = () => (this.#failures = 0);
    source.onmessage = (event: MessageEvent<string>) => this.take(JSON.parse(event.data) as Live);
    source.onerror = () => {
      source.close();
      this.#source = null;
      this.#failures += 1;
      this.#timer = setTimeout(() => this.#connect(), pause(this.#failures, Math.random()));
    };
  }

  take(message: Live): void {
    if (message.kind === 'count' && message.name) {
      for (const place of document.querySelectorAll<HTMLElement>(`[data-live="${CSS.escape(message.name)}"]`)) {
        place.textContent = num(message.value ?? 0);
        place.hidden = !message.value;
      }
    } else if (message.kind === 'notice' && message.title) {
      const { title, url } = message;
      toast({ text: title, level: 'info', ...(url ? { action: { label: t('locate'), run: () => location.assign(url) } } : {}) });
    }
    document.dispatchEvent(new CustomEvent('sz:live', { detail: message }));
  }
}

/** Milliseconds until the next try: doubling, at most a minute, between half and the whole of it. */
export function pause(failures: number, chance: number): number {
  return Math.min(LONGEST_WAIT, 1000 * 2 ** (failures - 1)) * (0.5 + chance / 2);
}

define('sz-live', SzLive);
