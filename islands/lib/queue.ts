/**
 * Changes on their way to the server: batched, kept on this device until they are acknowledged, sent again after a fault.
 *
 * Request:  PATCH {url}  {"key": "<uuid of this batch>", "version": 7, "cells": {"<name>": <value>, …}}
 * Answers:  200 {"version": 8, "saved": ["<name>", …], "faults": {"<name>": "sentence"}, …}   more fields go to `onAnswer`
 *           409 {"version": 9, "conflicts": {"<name>": {"yours": …, "theirs": …}}}           nothing was saved
 * The same batch may arrive twice (a lost answer): the server tells by `key` and does not act twice.
 */

export type State = 'saved' | 'saving' | 'kept' | 'fault';
export type Value = string | number | boolean | null;

export interface Answer {
  version?: number;
  saved?: string[];
  faults?: Record<string, string>;
  conflicts?: Record<string, { yours: Value; theirs: Value }>;
  [more: string]: unknown;
}

export interface Options {
  url: string;
  /** Name of the place in localStorage: one for each form and person. */
  place: string;
  version: number;
  token: () => string;
  onState: (state: State, count: number, at: Date | null) => void;
  onAnswer: (answer: Answer, status: number) => void;
  /** Milliseconds of rest before a batch leaves, and between tries after a fault (doubling, at most a minute). */
  rest?: number;
  retry?: number;
  fetch?: typeof fetch;
}

interface Batch {
  key: string;
  cells: Record<string, Value>;
}

interface Kept {
  waiting: Record<string, Value>;
  sent: Batch | null;
  /** In conflict with what somebody else saved: stays here until the person decides. */
  held: Record<string, Value>;
}

/** A version 4 UUID; `crypto.randomUUID` is younger than Chromium 88 and absent over plain http. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export class Queue {
  #options: Required<Options>;
  #kept: Kept = { waiting: {}, sent: null, held: {} };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #failures = 0;
  #savedAt: Date | null = null;
  version: number;

  constructor(options: Options) {
    this.#options = { rest: 800, retry: 2000, fetch: (...args) => fetch(...args), ...options };
    this.version = options.version;
    const left = localStorage.getItem(options.place);
    if (left) this.#kept = JSON.parse(left) as Kept;
    if (this.count) this.#plan(0);
  }

  /** What is not acknowledged yet, newest value of each cell. */
  get pending(): Record<string, Value> {
    return { ...this.#kept.held, ...this.#kept.sent?.cells, ...this.#kept.waiting };
  }

  get count(): number {
    return Object.keys(this.pending).length;
  }

  /** Takes up a change; it is on this device before this returns. */
  put(cells: Record<string, Value>): void {
    if (!this.#options.url) return; // a preview: there is nowhere to send it
    Object.assign(this.#kept.waiting, cells);
    for (const name of Object.keys(cells)) delete this.#kept.held[name];
    this.#keep();
    this.#plan(this.#options.rest);
  }

  /** Settles a conflict: sends what was typed here all the same, or drops it for the other side's value. */
  settle(name: string, mine: boolean): void {
    const value = this.#kept.held[name];
    if (value === undefined) return;
    delete this.#kept.held[name];
    if (mine) this.put({ [name]: value });
    else this.#keep();
  }

  /** Sends now what waits; resolves when the answer was dealt with. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#busy) return;
    const batch = (this.#kept.sent ??= Object.keys(this.#kept.waiting).length ? { key: uuid(), cells: this.#kept.waiting } : null);
    if (!batch) return;
    if (this.#kept.waiting === batch.cells) this.#kept.waiting = {};
    this.#keep();
    this.#busy = true;
    this.#say('saving');
    try {
      const response = await this.#options.fetch(this.#options.url, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', 'X-CSRFToken': this.#options.token() },
        body: JSON.stringify({ key: batch.key, version: this.version, cells: batch.cells }),
      });
      await this.#take(response, batch);
    } catch {
      this.#fail(); // no network: everything stays here and is tried again
    } finally {
      this.#busy = false;
    }
    if (Object.keys(this.#kept.waiting).length && !this.#failures) this.#plan(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #take(response: Response, batch: Batch): Promise<void> {
    if (response.status >= 500 || [401, 403, 408, 429].includes(response.status)) return this.#fail();
    const answer = (await response.json()) as Answer;
    this.#failures = 0;
    if (answer.version !== undefined) this.version = answer.version;
    this.#kept.sent = null;
    if (response.status === 409) {
      // nothing was saved: what nobody else touched goes again, the rest waits for the person
      for (const [name, value] of Object.entries(batch.cells)) {
        if (name in (answer.conflicts ?? {})) this.#kept.held[name] = value;
        else this.#kept.waiting[name] ??= value;
      }
      this.#keep();
      this.#say('fault');
    } else {
      this.#keep();
      this.#savedAt = new Date();
      this.#say(Object.keys(answer.faults ?? {}).length ? 'fault' : 'saved');
    }
    this.#options.onAnswer(answer, response.status);
  }

  #fail(): void {
    this.#failures += 1;
    this.#say('kept');
    this.#plan(Math.min(60_000, this.#options.retry * 2 ** (this.#failures - 1)));
  }

  #plan(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), wait);
  }

  #keep(): void {
    const empty = !this.count;
    if (empty) localStorage.removeItem(this.#options.place);
    else localStorage.setItem(this.#options.place, JSON.stringify(this.#kept));
  }

  #say(state: State): void {
    this.#options.onState(state, this.count, this.#savedAt);
  }
}
