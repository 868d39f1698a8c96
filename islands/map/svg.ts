/** Draws a scene as SVG, for computers without WebGL and where there are no tiles: a grid, a scale, and the project's own places. */
import { num } from '../lib/words.ts';
import { type Bounds, grid, type Make, metres, type Point, project, ringOf, round, type Scene, type Surface, unproject } from './model.ts';

const SPACE = 'http://www.w3.org/2000/svg';
const [NEAREST, FARTHEST] = [3e7, 300];
/** Pixels of the unit square, at most and at least. */

function svg(tag: string, attrs: Record<string, string | number>, ...inside: (Node | string)[]): SVGElement {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, String(value));
  element.append(...inside);
  return element;
}

class Drawing implements Surface {
  #root = svg('svg', { class: 'mp-svg', tabindex: 0, role: 'application' }) as SVGSVGElement;
  #scene: Scene = { areas: [], pins: [], lines: [], cars: [] };
  #at: [number, number] = project([119.9, 28.5]);
  #scale = 2e6;
  #due = 0;
  #fingers = new Map<number, [number, number]>();
  #moved = 0;
  #size = new ResizeObserver(() => this.#soon());

  constructor(host: HTMLElement, picked: (id: string) => void) {
    host.append(this.#root);
    this.#size.observe(this.#root);
    this.#root.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.#zoomAt(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
    });
    this.#root.addEventListener('pointerdown', (event) => {
      this.#fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
      this.#moved = 0;
    });
    this.#root.addEventListener('pointermove', (event) => this.#drag(event));
    for (const type of ['pointerup', 'pointercancel', 'pointerleave']) {
      this.#root.addEventListener(type, (event) => this.#fingers.delete((event as PointerEvent).pointerId));
    }
    this.#root.addEventListener('click', (event) => {
      const car = (event.target as Element).closest<SVGElement>('[data-id]');
      if (car && this.#moved < 6) picked(car.dataset['id'] ?? '');
    });
    this.#root.addEventListener('keydown', (event) => {
      const by: Record<string, [number, number]> = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
      const step = by[event.key];
      if (step) this.#shift(...step);
      else if (event.key === '+' || event.key === '=') this.zoom(1.5);
      else if (event.key === '-') this.zoom(1 / 1.5);
      else return;
      event.preventDefault();
    });
  }

  draw(scene: Scene): void {
    this.#scene = scene;
    this.#soon();
  }

  fit(bounds: Bounds): void {
    const [x1, y1] = project([bounds.west, bounds.north]);
    const [x2, y2] = project([bounds.east, bounds.south]);
    this.#at = [(x1 + x2) / 2, (y1 + y2) / 2];
    this.#scale = this.#within(Math.min((this.#root.clientWidth || 800) / (x2 - x1), (this.#root.clientHeight || 500) / (y2 - y1)));
    this.#soon();
  }

  centre(at: Point): void {
    this.#at = project(at);
    this.#scale = Math.max(this.#scale, 2e6);
    this.#soon();
  }

  zoom(by: number): void {
    this.#zoomAt(by, this.#root.clientWidth / 2, this.#root.clientHeight / 2);
  }

  destroy(): void {
    this.#size.disconnect();
    cancelAnimationFrame(this.#due);
    this.#root.remove();
  }

  #within = (scale: number): number => Math.max(FARTHEST, Math.min(NEAREST, scale));

  #shift(x: number, y: number): void {
    this.#at = [this.#at[0] - x / this.#scale, this.#at[1] - y / this.#scale];
    this.#soon();
  }

  #zoomAt(by: number, x: number, y: number): void {
    const scale = this.#within(this.#scale * by);
    const [dx, dy] = [x - this.#root.clientWidth / 2, y - this.#root.clientHeight / 2];
    this.#at = [this.#at[0] + dx / this.#scale - dx / scale, this.#at[1] + dy / this.#scale - dy / scale];
    this.#scale = scale;
    this.#soon();
  }

  #drag(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const now: [number, number] = [event.offsetX, event.offsetY];
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.#fingers.set(event.pointerId, now);
    this.#moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (other) {
      const apart = (point: [number, number]): number => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      this.#zoomAt(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else this.#shift(now[0] - before[0], now[1] - before[1]);
  }

  #soon(): void {
    cancelAnimationFrame(this.#due);
    this.#due = requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    const [wide, high] = [this.#root.clientWidth, this.#root.clientHeight];
    const place = (at: Point): [number, number] => {
      const [x, y] = project(at);
      return [Math.round(((x - this.#at[0]) * this.#scale + wide / 2) * 10) / 10, Math.round(((y - this.#at[1]) * this.#scale + high / 2) * 10) / 10];
    };
    const path = (points: Point[], closed = false): string => points.map((p, n) => `${n ? 'L' : 'M'}${place(p).join(' ')}`).join('') + (closed ? 'Z' : '');
    const corner = (x: number, y: number): Point => unproject(this.#at[0] + (x - wide / 2) / this.#scale, this.#at[1] + (y - high / 2) / this.#scale);
    const [west, north] = corner(0, 0);
    const [east, south] = corner(wide, high);
    const { lons, lats, step } = grid({ west, south, east, north }, wide / 110);
    const places = Math.max(0, -Math.floor(Math.log10(step)));
    const parts: SVGElement[] = [];
    for (const lon of lons) {
      const [x] = place([lon, south]);
      parts.push(svg('path', { class: 'gr', d: `M${x} 0V${high}` }), svg('text', { class: 'gt', x: x + 3, y: high - 6 }, `${lon.toFixed(places)}°`));
    }
    for (const lat of lats) {
      const [, y] = place([west, lat]);
      parts.push(svg('path', { class: 'gr', d: `M0 ${y}H${wide}` }), svg('text', { class: 'gt', x: 4, y: y - 3 }, `${lat.toFixed(places)}°`));
    }
    // A word is said where there is room for it; what comes first has the better right.
    const words: [number, number, number][] = [];
    const room = (x: number, y: number, text: string): boolean => {
      const size = text.length * 9;
      if (words.some(([a, b, long]) => x < a + long && a < x + size && Math.abs(y - b) < 14)) return false;
      words.push([x, y, size]);
      return true;
    };
    const cars = this.#scene.cars.map((car) => ({ car, at: place(car.at) }));
    const named = new Set(cars.filter(({ car, at: [x, y] }) => room(x + 11, y, car.name)).map(({ car }) => car.id));
    for (const area of this.#scene.areas) {
      const ring = ringOf(area);
      const [x, y] = place(ring.reduce<Point>((top, p) => (p[1] > top[1] ? p : top), ring[0] ?? [0, 0]));
      parts.push(svg('path', { class: `ar ${area.kind}`, d: path(ring, true) }, svg('title', {}, area.name)));
      if (this.#scale > 4e4 && room(x - area.name.length * 6, y - 5, area.name)) parts.push(svg('text', { class: `at ${area.kind}`, x, y: y - 5 }, area.name));
    }
    for (const line of this.#scene.lines) parts.push(svg('path', { class: `ln ${line.kind}`, d: path(line.points) }));
    for (const pin of this.#scene.pins) {
      const [x, y] = place(pin.at);
      parts.push(svg('rect', { class: `pn ${pin.kind}`, x: x - 4, y: y - 4, width: 8, height: 8, rx: 2 }, svg('title', {}, pin.name)));
      if (this.#scale > 4e4 && room(x + 8, y, `${pin.name}   `)) parts.push(svg('text', { class: 'pt', x: x + 8, y: y + 4 }, pin.name));
    }
    for (const { car, at: [x, y] } of cars.reverse()) {
      const turn = car.state === 'moving' ? `rotate(${car.heading})` : '';
      const shape = car.state === 'moving' ? 'M0 -10L7 8L0 4L-7 8Z' : 'M-6 0A6 6 0 1 0 6 0A6 6 0 1 0 -6 0Z';
      const label = named.has(car.id) ? [svg('text', { class: 'ct', x: 11, y: 4 }, car.name)] : [];
      parts.push(svg('g', { class: `cr ${car.state}`, transform: `translate(${x} ${y})`, 'data-id': car.id }, svg('title', {}, car.name), svg('path', { d: shape, transform: turn }), ...label));
    }
    parts.push(...this.#ruler(wide, high, corner(wide / 2, high / 2)[1]));
    this.#root.setAttribute('viewBox', `0 0 ${wide || 1} ${high || 1}`);
    this.#root.replaceChildren(...parts);
  }

  #ruler(wide: number, high: number, lat: number): SVGElement[] {
    const a = metres(lat) / this.#scale;
    const long = round(a * Math.min(160, wide / 4));
    const size = long / a;
    const [x, y] = [wide - size - 16, high - 28];
    const said = long >= 1000 ? `${num(long / 1000)} km` : `${num(long)} m`;
    return [svg('path', { class: 'rl', d: `M${x} ${y}v6h${size}v-6` }), svg('text', { class: 'rt', x: x + size / 2, y: y }, said)];
  }
}

export const make: Make = (host, _tiles, picked) => new Drawing(host, picked);
