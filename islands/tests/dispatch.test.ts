import assert from 'node:assert/strict';
import test from 'node:test';
import { page, press } from '../lib/testing.ts';
import { hours, SzDispatch } from '../sz-dispatch.ts';

const run = { from: 540, to: 660, text: '法院', who: '李师傅', state: 'planned', word: '待出车', span: '09:00—11:00', trip: 't2', url: '/v/' };
const data = {
  rows: [{ id: 'car1', name: '浙K1', runs: [run] }, { id: 'car2', name: '浙K2', runs: [] }],
  against: { t1: { car1: '09:00—11:00 已派出' } },
  spans: { t1: [600, 690], t2: [540, 660] },
  now: null,
};

function board(): { island: SzDispatch; sent: Record<string, string>[] } {
  const island = page<SzDispatch>(
    `<sz-dispatch><button type="button" data-ride="t1"><b>10:00—11:30</b></button><p data-say data-free="可派" data-pick="已选 {ride}"></p>
     <div data-board hidden></div><form data-put><input name="trip"><input name="row"></form>
     <script type="application/json" id="dp-data">${JSON.stringify(data)}</script></sz-dispatch>`,
    'sz-dispatch',
  );
  const sent: Record<string, string>[] = [];
  const form = island.querySelector<HTMLFormElement>('[data-put]')!;
  form.requestSubmit = () => sent.push({ trip: form.querySelector<HTMLInputElement>('[name="trip"]')!.value, row: form.querySelector<HTMLInputElement>('[name="row"]')!.value });
  return { island, sent };
}

const say = (island: Element): string => island.querySelector('[data-say]')!.textContent!;

test('the day is drawn from its first hour to its last, each run in its place', () => {
  assert.deepEqual(hours({ ...data, rows: [{ id: 'x', name: '', runs: [{ ...run, from: 400, to: 1300 }] }] } as never), [6, 22]);
  const { island } = board();
  const block = island.querySelector<HTMLElement>('.dp-run')!;
  assert.equal(block.style.left, '10%');
  assert.equal(block.style.width, '20%');
  assert.match(island.querySelector('[data-row="car1"]')!.getAttribute('aria-label')!, /法院/);
});

test('by keyboard: Enter chooses, arrows look, Enter puts; a row with something against it says so and takes nothing', () => {
  const { island, sent } = board();
  const ride = island.querySelector('[data-ride="t1"]')!;
  press(ride, 'Enter');
  assert.equal(ride.getAttribute('aria-pressed'), 'true');
  assert.equal(document.activeElement, island.querySelector('[data-row="car2"]'));
  assert.equal(say(island), '浙K2：可派');
  press(document.activeElement!, 'ArrowUp');
  assert.equal(say(island), '浙K1：09:00—11:00 已派出');
  press(document.activeElement!, 'Enter');
  assert.deepEqual(sent, []);
  press(document.activeElement!, 'ArrowDown');
  press(document.activeElement!, 'Enter');
  assert.deepEqual(sent, [{ trip: 't1', row: 'car2' }]);
});

test('Escape lets go; a click on a trip and on a row does the same as the keys', () => {
  const { island, sent } = board();
  const click = (selector: string): void => void island.querySelector(selector)!.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  press(island.querySelector('[data-ride="t1"]')!, 'Enter');
  press(document.activeElement!, 'Escape');
  click('[data-row="car2"]');
  assert.deepEqual(sent, []);
  click('[data-ride="t2"]');
  assert.equal(island.querySelectorAll('.is-free').length, 2);
  click('[data-row="car2"]');
  assert.deepEqual(sent, [{ trip: 't2', row: 'car2' }]);
});
