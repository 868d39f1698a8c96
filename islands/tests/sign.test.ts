import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../lib/testing.ts';
import { inked } from '../sz-sign.ts';

/** A picture of so many pixels, white but for those that are named. */
function paper(width: number, height: number, dark: [number, number][]): Uint8ClampedArray {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (const [x, y] of dark) data.set([14, 26, 43, 255], (y * width + x) * 4);
  return data;
}

test('what is drawn is found, whatever the paper around it', () => {
  assert.deepEqual(inked(paper(10, 6, [[2, 1], [7, 4], [5, 2]]), 10, 6), [2, 1, 6, 4]);
  assert.deepEqual(inked(paper(4, 4, [[0, 0], [3, 3]]), 4, 4), [0, 0, 4, 4]);
});

test('blank paper, a grey photograph of it, and what is transparent are no signature', () => {
  assert.equal(inked(paper(5, 5, []), 5, 5), null);
  assert.equal(inked(new Uint8ClampedArray(5 * 5 * 4).fill(205), 5, 5), null);
  assert.equal(inked(new Uint8ClampedArray(5 * 5 * 4), 5, 5), null);
});
