/** Draws a scene with MapLibre GL JS, over tiles. Its build for strict content policies: the worker is a file of our own. */
import maplibre from 'maplibre-gl/dist/maplibre-gl-csp.js';
import worker from 'maplibre-gl/dist/maplibre-gl-csp-worker.js?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { type Bounds, type Car, type Make, type Point, ringOf, type Scene, type Surface, type Tiles } from './model.ts';

type Features = { type: 'FeatureCollection'; features: object[] };

const collection = (features: object[]): Features => ({ type: 'FeatureCollection', features });
const feature = (type: string, coordinates: unknown, properties: object): object => ({ type: 'Feature', geometry: { type, coordinates }, properties });
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--sz-${name}`).trim();

class Globe implements Surface {
  #map: maplibre.Map;
  #ready: Promise<void>;
  #cars = new Map<string, maplibre.Marker>();
  #picked: (id: string) => void;

  constructor(host: HTMLElement, tiles: Tiles, picked: (id: string) => void) {
    this.#picked = picked;
    const fill: maplibre.ExpressionSpecification = ['match', ['get', 'kind'], 'home', colour('ok-mark'), 'region', colour('blue-500'), colour('over-mark')];
    this.#map = new maplibre.Map({
      container: host,
      attributionControl: tiles.credit ? { customAttribution: tiles.credit } : false,
      style: {
        version: 8,
        sources: {
          tiles: { type: 'raster', tiles: [tiles.url], tileSize: 256 },
          areas: { type: 'geojson', data: collection([]) },
          lines: { type: 'geojson', data: collection([]) },
          pins: { type: 'geojson', data: collection([]) },
        },
        layers: [
          { id: 'ground', type: 'background', paint: { 'background-color': colour('ink-100') } },
          { id: 'tiles', type: 'raster', source: 'tiles' },
          { id: 'areas', type: 'fill', source: 'areas', paint: { 'fill-color': fill, 'fill-opacity': 0.12 } },
          { id: 'edges', type: 'line', source: 'areas', paint: { 'line-color': fill, 'line-width': 1.5 } },
          { id: 'lines', type: 'line', source: 'lines', paint: { 'line-color': ['match', ['get', 'kind'], 'fast', colour('over-mark'), colour('blue-500')], 'line-width': 4 } },
          { id: 'pins', type: 'circle', source: 'pins', paint: { 'circle-radius': 5, 'circle-color': colour('ink-600'), 'circle-stroke-width': 2, 'circle-stroke-color': '#fff' } },
        ],
      },
    });
    this.#map.addControl(new maplibre.ScaleControl({ maxWidth: 140 }));
    this.#ready = new Promise((done) => this.#map.once('load', () => done()));
  }

  draw(scene: Scene): void {
    const closed = (ring: Point[]): Point[] => (ring[0] ? [...ring, ring[0]] : ring);
    void this.#ready.then(() => {
      this.#put('areas', scene.areas.map((area) => feature('Polygon', [closed(ringOf(area))], { kind: area.kind })));
      this.#put('lines', scene.lines.map((line) => feature('LineString', line.points, { kind: line.kind })));
      this.#put('pins', scene.pins.map((pin) => feature('Point', pin.at, { name: pin.name })));
    });
    const there = new Set(scene.cars.map((car) => car.id));
    for (const [id, marker] of this.#cars) {
      if (!there.has(id)) marker.remove();
      if (!there.has(id)) this.#cars.delete(id);
    }
    for (const car of scene.cars) this.#place(car);
  }

  fit(bounds: Bounds): void {
    this.#map.fitBounds([[bounds.west, bounds.south], [bounds.east, bounds.north]], { animate: false }); // prettier-ignore
  }

  centre(at: Point): void {
    this.#map.jumpTo({ center: [at[0], at[1]], zoom: Math.max(13, this.#map.getZoom()) });
  }

  zoom(by: number): void {
    this.#map.zoomTo(this.#map.getZoom() + Math.log2(by));
  }

  destroy(): void {
    this.#map.remove();
  }

  #put(source: string, features: object[]): void {
    (this.#map.getSource(source) as maplibre.GeoJSONSource | undefined)?.setData(collection(features));
  }

  #place(car: Car): void {
    let marker = this.#cars.get(car.id);
    if (!marker) {
      const element = document.createElement('button');
      element.type = 'button';
      element.append(document.createElement('i'), document.createElement('span'));
      element.addEventListener('click', () => this.#picked(car.id));
      marker = new maplibre.Marker({ element }).setLngLat([car.at[0], car.at[1]]).addTo(this.#map);
      this.#cars.set(car.id, marker);
    }
    const element = marker.setLngLat([car.at[0], car.at[1]]).getElement();
    for (const state of ['moving', 'still', 'lost']) element.classList.toggle(state, car.state === state);
    element.classList.add('mp-car');
    const [arrow, name] = element.children as unknown as [HTMLElement, HTMLElement];
    arrow.style.transform = car.state === 'moving' ? `rotate(${car.heading}deg)` : '';
    name.textContent = car.name;
  }
}

/** Whether the browser draws with WebGL 2 at all: old office computers do not. */
export function able(): boolean {
  return !!document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: false });
}

export const make: Make = (host, tiles, picked) => {
  maplibre.setWorkerUrl(worker);
  if (!tiles) throw new Error('no tiles');
  return new Globe(host, tiles, picked);
};
