/** The map's arithmetic: projection, grid, stretches of a track, and where a vehicle was between two points. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundsOf, grid, metres, project, ringOf, round, unproject } from '../map/model.ts';
import { page, soon, until } from '../lib/testing.ts';

const { placeAt, stretches } = await import('../sz-map.ts');

test('projecting there and back', () => {
  assert.deepEqual(project([0, 0]), [0.5, 0.5]);
  // Web Mercator (EPSG:3857): 180° east, 85.0511° north is the square's corner
  const [x, y] = project([180, 85.0511287798]);
  assert.ok(Math.abs(x - 1) < 1e-9 && Math.abs(y - project([0, 85])[1]) < 1e-9);
  const [lon, lat] = unproject(...project([119.922, 28.467]));
  assert.ok(Math.abs(lon - 119.922) < 1e-9 && Math.abs(lat - 28.467) < 1e-9);
  assert.ok(Math.abs(metres(60) - metres(0) / 2) < 1);
});

test('a grid has round steps, and about as many lines as there is room for', () => {
  assert.deepEqual([0.9, 1, 4.9, 5, 0.023].map(round), [0.5, 1, 2, 5, 0.02]);
  const { lons, lats, step } = grid({ west: 119.27, south: 28.4, east: 119.68, north: 28.7 }, 8);
  assert.equal(step, 0.1);
  assert.deepEqual([...lons, ...lats].map((line) => line.toFixed(1)), ['119.3', '119.4', '119.5', '119.6', '28.4', '28.5', '28.6', '28.7']);
});

test('a circle is a ring of its radius', () => {
  const ring = ringOf({ name: '', kind: 'home', circle: [120, 30, 1000] });
  const [, top] = ring.reduce((a, b) => (b[1] > a[1] ? b : a));
  assert.ok(Math.abs(((top - 30) / 360) * 40_075_016.686 - 1000) < 1);
  assert.equal(boundsOf({ areas: [], pins: [], lines: [], cars: [] }), null);
});

const track = [[0, 120, 30, 50, 0], [10, 120.1, 30, 130, 90], [20, 120.2, 30, 130, 90], [30, 120.3, 30, 40, 90], [2000, 121, 31, 40, 0], [2010, 121.1, 31, 0, 0]] as const; // prettier-ignore

test('a track is drawn in stretches, each under or over the limit, with no line over a gap', () => {
  const lines = stretches(track as never, 120);
  assert.deepEqual(lines.map((line) => [line.kind, line.points.length]), [['fast', 3], ['usual', 2], ['usual', 2]]);
});

test('between two points a vehicle is between them; in a gap it is where it was last', () => {
  assert.equal(placeAt(track as never, 15)?.[1].toFixed(2), '120.15');
  assert.equal(placeAt(track as never, 1000)?.[1], 120.3);
  assert.equal(placeAt(track as never, 9999)?.[1], 121.1);
  assert.equal(placeAt([], 1), null);
});

test('vehicles move by the stream; while it cannot be had, the page asks each second', async () => {
  const now = Date.now() / 1000;
  const streams: { url: string; onmessage?: (event: { data: string }) => void; onerror?: () => void; closed: boolean }[] = [];
  const asked: string[] = [];
  const car = (kmh: number) => ['c1', '浙K1', 119.9, 28.4, 90, kmh, now];
  class Stream {
    closed = false;
    url: string;
    constructor(url: string) {
      this.url = url;
      streams.push(this);
    }
    close(): void {
      this.closed = true;
    }
  }
  const answer = async (url: string) => {
    asked.push(url);
    return { ok: true, redirected: false, json: async () => ({ at: 9, cars: [car(30)] }) };
  };
  const before = { EventSource: globalThis.EventSource, fetch: globalThis.fetch };
  Object.assign(globalThis, { EventSource: Stream, fetch: answer });
  try {
    const data = { tiles: null, areas: [], pins: [], url: '/places', live: '/live', at: 5, cars: [car(0)] };
    const map = page(
      `<sz-map><div data-map></div><script type="application/json">${JSON.stringify(data)}</script></sz-map>
       <p data-car="c1"><span data-speed data-still="停"></span></p>`,
      'sz-map',
    );
    const speed = () => document.querySelector('[data-speed]')!.textContent;
    await until(() => streams.length > 0);
    assert.deepEqual([streams[0]!.url, speed()], ['/live?since=5', '停']);
    streams[0]!.onmessage!({ data: JSON.stringify({ at: 7, cars: [car(42)] }) });
    assert.equal(speed(), '42 km/h');
    streams[0]!.onerror!();
    await until(() => asked.length > 0 && speed() === '30 km/h');
    assert.deepEqual([asked[0], speed(), streams[0]!.closed], ['/places?since=7', '30 km/h', true]);
    map.remove();
    const many = asked.length;
    await soon(1200);
    assert.equal(asked.length, many); // who has left the page asks no more
  } finally {
    Object.assign(globalThis, before);
  }
});
