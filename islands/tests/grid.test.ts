import assert from 'node:assert/strict';
import test from 'node:test';
import { page, press } from '../lib/testing.ts';
import { type GridData, SzGrid } from '../sz-grid.ts';

const n = (name: string) => ['name', 'number', name];
const zero = (name: string) => ['coalesce', n(name), ['lit', 'number', '0']];
const DATA: GridData = {
  url: '/cells', version: 1, place: 't',
  cells: {
    e1: { label: '电 7 月', places: 0, value: '86240' }, e2: { label: '电 8 月', places: 0, value: null },
    w1: { label: '水 7 月', places: 1, value: '1.5' }, w2: { label: '水 8 月', places: 1, value: null },
    eq: { label: '电 本季', places: 0, expr: { v: 1, type: 'number', tree: ['add', zero('e1'), zero('e2')] } },
    wq: { label: '水 本季', places: 1, expr: { v: 1, type: 'number', tree: ['add', zero('w1'), zero('w2')] } },
  },
  order: ['eq', 'wq'], given: { ly_eq: '100000' },
  checks: [
    { code: 'need', level: 'error', cell: 'e2', message: '没有填。', expr: { v: 1, type: 'boolean', tree: ['ne', n('e2'), ['lit', 'number', null]] } },
    { code: 'big', level: 'warning', cell: 'eq', message: '写明原因。', expr: { v: 1, type: 'boolean', tree: ['lt', n('eq'), ['lit', 'number', '150000']] } },
  ],
}; // prettier-ignore

function make(): SzGrid {
  localStorage.clear();
  globalThis.fetch = async () => new Response('{}');
  const td = (code: string) => `<td class="in meter" data-cell="${code}"><input aria-label="${code}"></td>`;
  const grid = page<SzGrid>(
    `<ul data-checks></ul><button data-submit-form>提交</button><span data-missing></span>
     <sz-grid><script type="application/json">${JSON.stringify(DATA).replace(/</g, '\\u003c')}</script><table><tbody>
     <tr><th>电</th>${td('e1')}${td('e2')}<td class="auto" data-cell="eq"></td><td data-change="eq" data-against="ly_eq"></td></tr>
     <tr><th>水</th>${td('w1')}${td('w2')}<td class="auto" data-cell="wq"></td><td></td></tr></tbody></table></sz-grid>`,
    'sz-grid',
  );
  grid.queue.stop();
  return grid;
}
const cell = (grid: SzGrid, code: string) => grid.places.of(code)!;
const field = (grid: SzGrid, code: string) => cell(grid, code).querySelector('input')!;

function type(grid: SzGrid, code: string, text: string): void {
  field(grid, code).focus();
  field(grid, code).value = text;
  field(grid, code).dispatchEvent(new Event('input', { bubbles: true }));
}

test('typing computes at once, and leaving the cell saves it', () => {
  const grid = make();
  assert.equal(field(grid, 'e1').value, '86,240');
  type(grid, 'e2', '１３，７６０');
  assert.equal(cell(grid, 'eq').textContent, '100,000');
  assert.deepEqual(grid.queue.pending, {});
  press(field(grid, 'e2'), 'Enter');
  assert.equal(document.activeElement, field(grid, 'w2'));
  assert.equal(field(grid, 'e2').value, '13,760');
  assert.deepEqual(grid.queue.pending, { e2: '13760' });
  assert.equal(cell(grid, 'e2').classList.contains('meter'), false);
  grid.queue.stop();
});

test('findings, counts and the submit button follow the values', () => {
  const grid = make();
  const button = document.querySelector<HTMLButtonElement>('[data-submit-form]')!;
  assert.equal(button.disabled, true);
  assert.equal(document.querySelector('[data-missing]')!.textContent, '改正 1 处错误后提交');
  assert.equal(cell(grid, 'e2').classList.contains('is-err'), true);
  grid.put({ e2: '90000' });
  assert.equal(document.querySelector('[data-missing]')!.textContent, '补写 1 处说明后提交');
  assert.equal(document.querySelector('[data-change]')!.textContent, '+76.2%');
  const box = document.querySelector<HTMLTextAreaElement>('[data-reason="big"]')!;
  box.value = '新楼启用';
  box.dispatchEvent(new Event('input', { bubbles: true }));
  assert.equal(button.disabled, false);
  assert.equal(document.contains(box), true);
  assert.equal(grid.queue.pending['reason:big'], '新楼启用');
  grid.queue.stop();
});

test('a block from Excel is put down, locked cells are skipped, bad ones are told', () => {
  const grid = make();
  field(grid, 'e1').focus();
  grid.pasteAt(cell(grid, 'e1'), [['1,000', '２０００', '9'], ['x7', '3.25', ''], ['8', '8', '8']]);
  assert.deepEqual(grid.queue.pending, { e1: '1000', e2: '2000', w2: '3.25', w1: 'x7' });
  assert.equal(field(grid, 'w1').value, 'x7');
  assert.equal(cell(grid, 'w1').title, '“x7” 不是数');
  assert.equal(grid.sheet.get('w1'), '1.5');
  assert.equal(field(grid, 'w2').value, '3.25');
  grid.queue.stop();
});

test('arrows move, a range is cleared and comes back by undo', () => {
  const grid = make();
  field(grid, 'e1').focus();
  press(field(grid, 'e1'), 'ArrowDown');
  assert.equal(document.activeElement, field(grid, 'w1'));
  press(field(grid, 'w1'), 'ArrowUp', { shiftKey: true });
  assert.equal(grid.chosen.flat().length, 2);
  press(field(grid, 'w1'), 'Delete');
  assert.deepEqual([grid.sheet.get('e1'), grid.sheet.get('w1')], [null, null]);
  press(field(grid, 'w1'), 'z', { ctrlKey: true });
  assert.deepEqual([grid.sheet.get('e1'), grid.sheet.get('w1')], ['86240', '1.5']);
  assert.deepEqual(grid.queue.pending, { e1: '86240', w1: '1.5' });
  grid.queue.stop();
});

test('Esc gives up what was typed; F2 keeps the arrows inside the text', () => {
  const grid = make();
  type(grid, 'e1', '5');
  press(field(grid, 'e1'), 'Escape');
  assert.equal(field(grid, 'e1').value, '86,240');
  press(field(grid, 'e1'), 'F2');
  const event = press(field(grid, 'e1'), 'ArrowRight');
  assert.equal(event.defaultPrevented, false);
  assert.equal(document.activeElement, field(grid, 'e1'));
  grid.queue.stop();
});

test('fill down takes the top row of the range', () => {
  const grid = make();
  field(grid, 'e1').focus();
  press(field(grid, 'e1'), 'ArrowDown', { shiftKey: true });
  press(field(grid, 'e1'), 'd', { ctrlKey: true });
  assert.equal(grid.sheet.get('w1'), '86240');
  grid.queue.stop();
});

test('a finding leads to its cell', () => {
  const grid = make();
  cell(grid, 'e2').scrollIntoView = () => undefined;
  document.querySelector<HTMLElement>('[data-locate="e2"]')!.click();
  assert.equal(document.activeElement, field(grid, 'e2'));
  assert.equal(document.querySelector('[data-check="need"]')!.classList.contains('is-cur'), true);
  grid.queue.stop();
});

test('what was not sent when the page closed is back in its cell', () => {
  const grid = make();
  grid.put({ e2: '77' });
  grid.queue.stop();
  const again = page<SzGrid>(document.body.innerHTML, 'sz-grid');
  assert.equal(field(again, 'e2').value, '77');
  again.queue.stop();
});
