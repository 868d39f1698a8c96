/** What a map shows, and the arithmetic of it: Web Mercator in a unit square, bounds, and round steps for grid and scale. */

export type Point = readonly [number, number];
/** Degrees, longitude first. */

export interface Area {
  name: string;
  kind: string;
  circle?: readonly [number, number, number];
  ring?: Point[];
}

export interface Pin {
  name: string;
  at: Point;
  kind: string;
}

export interface Car {
  id: string;
  name: string;
  at: Point;
  /** Degrees from north. */
  heading: number;
  /** `moving`, `still`, `lost`: how it is drawn. */
  state: string;
}

export interface Line {
  points: Point[];
  kind: string;
}

export interface Scene {
  areas: Area[];
  pins: Pin[];
  lines: Line[];
  cars: Car[];
}

export interface Bounds {
  west: number;
  south: number;
  east: number;
  north: number;
}

export interface Tiles {
  url: string;
  credit: string;
}

/** What draws a scene: with WebGL or without. */
export interface Surface {
  draw(scene: Scene): void;
  fit(bounds: Bounds): void;
  centre(at: Point): void;
  zoom(by: number): void;
  destroy(): void;
}

export type Make = (host: HTMLElement, tiles: Tiles | null, picked: (id: string) => void) => Surface | Promise<Surface>;

export const EARTH = 40_075_016.686;
/** Metres of the equator. */

export function project([lon, lat]: Point): [number, number] {
  const sine = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

export function unproject(x: number, y: number): [number, number] {
  return [(x - 0.5) * 360, (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI];
}

/** Metres of one unit of the square at a latitude. */
export const metres = (lat: number): number => EARTH * Math.cos((lat * Math.PI) / 180);

/** 1, 2 or 5 times a power of ten: the largest that is not above `value`. */
export function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}

/** A circle as a ring of corners. */
export function ringOf(area: Area): Point[] {
  if (!area.circle) return area.ring ?? [];
  const [lon, lat, radius] = area.circle;
  const north = (radius / EARTH) * 360;
  const east = north / Math.cos((lat * Math.PI) / 180);
  return Array.from({ length: 49 }, (_none, n) => {
    const turn = (n / 48) * 2 * Math.PI;
    return [lon + east * Math.sin(turn), lat + north * Math.cos(turn)] as const;
  });
}

/** The box around all that a scene has, a little wider; null when it has nothing. */
export function boundsOf(scene: Scene): Bounds | null {
  const points = [
    ...scene.cars.map((car) => car.at), ...scene.pins.map((pin) => pin.at), ...scene.lines.flatMap((line) => line.points),
    ...scene.areas.flatMap(ringOf),
  ]; // prettier-ignore
  if (!points.length) return null;
  let [west, south, east, north] = [180, 90, -180, -90];
  for (const [lon, lat] of points) {
    west = Math.min(west, lon);
    east = Math.max(east, lon);
    south = Math.min(south, lat);
    north = Math.max(north, lat);
  }
  const [x, y] = [Math.max(0.004, (east - west) * 0.16), Math.max(0.003, (north - south) * 0.08)];
  return { west: west - x, south: south - y, east: east + x, north: north + y };
}

/** Grid lines within bounds, at a round step, about `across` of them from west to east. */
export function grid(bounds: Bounds, across = 6): { lons: number[]; lats: number[]; step: number } {
  const step = round((2 * (bounds.east - bounds.west)) / across);
  const between = (from: number, to: number): number[] => {
    const first = Math.ceil(from / step);
    return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_none, n) => (first + n) * step);
  };
  return { lons: between(bounds.west, bounds.east), lats: between(bounds.south, bounds.north), step };
}
