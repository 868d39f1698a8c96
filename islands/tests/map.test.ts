/** The map's arithmetic: projection, grid, stretches of a track, and where a vehicle was between two points. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundsOf, grid, metres, project, ringOf, round, unproject } from '../map/model.ts';
import '../lib/testing.ts';

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
