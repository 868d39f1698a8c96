/**
 * <sz-map>: vehicles on a map. Reads its JSON block: fences, places, vehicles or a track, and where tiles come from, if any.
 * With tiles and WebGL it draws with MapLibre; otherwise, and when that fails, as SVG on a plain grid.
 *   {live}?since={at}: a stream of {"at", "cars": [[id, plate, lon, lat, direction, km/h, heard]]}, while it is seen;
 *   GET {url}?since={at}: the same every second, while the stream cannot be had.
 * `[data-car]` in the page focuses a vehicle; `[data-play]`, `[data-time]` play a track.
 */
import { above, define, Island } from './lib/island.ts';
import { type Area, boundsOf, type Car, type Line, type Make, type Pin, type Point, type Scene, type Surface, type Tiles } from './map/model.ts';

const EVERY = 1_000;
const AGAIN = 30_000;
/** Milliseconds until the stream is tried again. */
const LOST = 600;
/** Seconds without a word after which a vehicle is drawn as lost. */
const MOVING = 3;
/** km/h. */

type Told = [id: string, name: string, lon: number, lat: number, heading: number, kmh: number, heard: number];
type Step = [at: number, lon: number, lat: number, kmh: number, heading: number];

interface Moved {
  at: number;
  cars: Told[];
}

interface Data {
  tiles: Tiles | null;
  areas: Area[];
  pins: Pin[];
  url?: string;
  live?: string;
  at?: number;
  cars?: Told[];
  track?: Step[];
  name?: string;
  limit?: number;
}

/** Stretches of a track, each under or over the limit; a gap of ten minutes begins a new one. */
export function stretches(track: readonly Step[], limit: number): Line[] {
  const lines: Line[] = [];
  let last: Step | null = null;
  for (const step of track) {
    const at: Point = [step[1], step[2]];
    const kind = step[3] > limit ? 'fast' : 'usual';
    const line = lines[lines.length - 1];
    if (!last || !line || step[0] - last[0] > 600) lines.push({ kind, points: [at] });
    else if (line.kind !== kind) lines.push({ kind, points: [[last[1], last[2]], at] });
    else line.points.push(at);
    last = step;
  }
  return lines.filter((line) => line.points.length > 1);
}

/** Where the vehicle was at a time, between two points of its track. */
export function placeAt(track: readonly Step[], at: number): Step | null {
  const first = track[0];
  if (!first) return null;
  let before = first;
  for (const step of track) {
    if (step[0] > at) {
      const share = step[0] - before[0] > 600 ? 0 : (at - before[0]) / (step[0] - before[0] || 1);
      const mix = (n: 1 | 2): number => before[n] + (step[n] - before[n]) * Math.max(0, share);
      return [at, mix(1), mix(2), before[3], before[4]];
    }
    before = step;
  }
  return before;
}

export class SzMap extends Island {
  #surface: Surface | null = null;
  #scene: Scene = { areas: [], pins: [], lines: [], cars: [] };
  #data: Data = { tiles: null, areas: [], pins: [] };
  #told = new Map<string, Told>();
  #since = 0;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #playing: ReturnType<typeof setInterval> | undefined;

  protected override start(): void {
    this.#data = JSON.parse(this.find('script[type="application/json"]')?.textContent ?? '{}') as Data;
    const { areas, pins, track, limit } = this.#data;
    this.#scene = { areas, pins, lines: track ? stretches(track, limit ?? Infinity) : [], cars: [] };
    for (const told of this.#data.cars ?? []) this.#told.set(told[0], told);
    this.#since = this.#data.at ?? 0;
    this.listen(document, 'click', (event) => this.#click(event));
    const slider = document.querySelector<HTMLInputElement>('[data-time]');
    if (slider) this.listen(slider, 'input', () => this.#show());
    void this.#begin();
  }

  protected override stop(): void {
    this.#quiet();
    clearInterval(this.#playing);
    this.#surface?.destroy();
    this.#surface = null;
  }

  async #begin(): Promise<void> {
    const host = this.find('[data-map]');
    if (!host) return;
    this.#surface = await this.#made(host);
    if (this.#data.track) this.#show();
    else this.#draw();
    this.#fit();
    this.dataset['ready'] = this.#data.tiles ? 'tiles' : 'grid';
    if (!this.#data.url) return;
    this.listen(document, 'visibilitychange', () => (document.hidden ? this.#quiet() : this.#hear()));
    if (!document.hidden) this.#hear();
  }

  async #made(host: HTMLElement): Promise<Surface> {
    const picked = (id: string): void => this.#focus(id);
    if (this.#data.tiles) {
      try {
        const gl = await import('./map/gl.ts');
        if (gl.able()) return await gl.make(host, this.#data.tiles, picked);
      } catch (error) {
        console.warn('map without WebGL:', error);
        host.replaceChildren();
      }
      this.#data.tiles = null;
    }
    const plain: { make: Make } = await import('./map/svg.ts');
    return plain.make(host, null, picked);
  }

  /** Listen to the stream; while it cannot be had, ask every second. */
  #hear(): void {
    this.#quiet();
    if (!this.#data.live) return this.#poll();
    const source = new EventSource(`${this.#data.live}?since=${this.#since}`);
    this.#source = source;
    source.onmessage = (event: MessageEvent<string>) => this.#take(JSON.parse(event.data) as Moved);
    source.onerror = () => {
      this.#quiet();
      this.#poll();
      this.#again = setTimeout(() => this.#hear(), AGAIN);
    };
  }

  #poll(): void {
    this.#timer = setInterval(() => void this.#ask(), EVERY);
  }

  #quiet(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    this.#source?.close();
    this.#source = null;
  }

  async #ask(): Promise<void> {
    const answer = await fetch(`${this.#data.url}?since=${this.#since}`, { headers: { Accept: 'application/json' } }).catch(() => null);
    if (answer?.ok && !answer.redirected) this.#take((await answer.json()) as Moved); // else asked again in a second
  }

  #take(told: Moved): void {
    this.#since = told.at;
    for (const car of told.cars) this.#told.set(car[0], car);
    this.#draw();
  }

  #draw(): void {
    const now = Date.now() / 1000;
    this.#scene.cars = [...this.#told.values()].map(([id, name, lon, lat, heading, kmh, heard]): Car => {
      const state = now - heard > LOST ? 'lost' : kmh > MOVING ? 'moving' : 'still';
      const row = document.querySelector<HTMLElement>(`[data-car="${CSS.escape(id)}"]`);
      const said = row?.querySelector<HTMLElement>('[data-speed]');
      if (row) row.dataset['state'] = state;
      if (said) said.textContent = state === 'moving' ? `${Math.round(kmh)} km/h` : (said.dataset[state] ?? '');
      return { id, name, at: [lon, lat], heading, state };
    });
    this.#surface?.draw(this.#scene);
  }

  #show(): void {
    const track = this.#data.track ?? [];
    const slider = document.querySelector<HTMLInputElement>('[data-time]');
    const step = placeAt(track, Number(slider?.value ?? track[0]?.[0] ?? 0));
    if (step) {
      const [at, lon, lat, kmh, heading] = step;
      this.#scene.cars = [{ id: 'track', name: this.#data.name ?? '', at: [lon, lat], heading, state: kmh > MOVING ? 'moving' : 'still' }];
      const time = new Date((at + 8 * 3600) * 1000).toISOString().slice(11, 19); // Beijing, wherever the reader is
      for (const place of document.querySelectorAll('[data-now]')) place.textContent = `${time} · ${Math.round(kmh)} km/h`;
    }
    this.#surface?.draw(this.#scene);
  }

  #click(event: Event): void {
    const car = above<HTMLElement>(event, '[data-car]')?.dataset['car'];
    const zoom = above<HTMLElement>(event, '[data-zoom]')?.dataset['zoom'];
    const time = above<HTMLElement>(event, '[data-go]')?.dataset['go'];
    const slider = document.querySelector<HTMLInputElement>('[data-time]');
    if (car) this.#focus(car);
    if (zoom === 'all') this.#fit();
    else if (zoom) this.#surface?.zoom(Number(zoom));
    if (time && slider) {
      slider.value = time;
      this.#show();
      const step = placeAt(this.#data.track ?? [], Number(time));
      if (step) this.#surface?.centre([step[1], step[2]]);
    }
    if (above(event, '[data-play]')) this.#play();
  }

  /** All vehicles, or the whole track; where there is neither, all places and fences. */
  #fit(): void {
    const own = boundsOf({ ...this.#scene, areas: [], pins: [] }) ?? boundsOf(this.#scene);
    this.#surface?.fit(own ?? { west: 73, south: 18, east: 135, north: 54 });
  }

  #focus(id: string): void {
    const told = this.#told.get(id);
    if (!told) return;
    this.#surface?.centre([told[2], told[3]]);
    for (const row of document.querySelectorAll<HTMLElement>('[data-car]')) row.toggleAttribute('aria-current', row.dataset['car'] === id);
    document.querySelector(`[data-car="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'nearest' });
  }

  #play(): void {
    const slider = document.querySelector<HTMLInputElement>('[data-time]');
    const button = document.querySelector<HTMLElement>('[data-play]');
    if (!slider || !button) return;
    const stop = (): void => {
      clearInterval(this.#playing);
      this.#playing = undefined;
      button.setAttribute('aria-pressed', 'false');
    };
    if (this.#playing !== undefined) return stop();
    if (Number(slider.value) >= Number(slider.max)) slider.value = slider.min;
    button.setAttribute('aria-pressed', 'true');
    this.#playing = setInterval(() => {
      slider.value = String(Number(slider.value) + 12); // two minutes a second
      this.#show();
      if (Number(slider.value) >= Number(slider.max)) stop();
    }, 100);
  }
}

define('sz-map', SzMap);
