import assert from 'node:assert/strict';
import test from 'node:test';
import '../lib/testing.ts';
import { parseCells, writeCells } from '../lib/clip.ts';
import { change, read, round, show, showTyped } from '../lib/decimal.ts';
import { Sheet, type SheetData } from '../lib/sheet.ts';

test('numbers are read as people type them', () => {
  const cases: [string, string | null | undefined][] = [
    ['1234.50', '1234.50'], ['１，２３４．５', '1234.5'], ['86,240', '86240'], [' 1 234 ', '1234'], ['−3', '-3'], ['＋7', '7'], ['007', '7'], ['.5', '0.5'], ['5.', '5'],
    ['', null], ['　', null], ['-', null], ['—', null], ['12,34', undefined], ['12 kWh', undefined], ['1e3', undefined], ['12.5%', undefined], ['-0.0', '0.0'],
  ]; // prettier-ignore
  for (const [typed, wanted] of cases) assert.equal(read(typed), wanted, typed);
});

test('numbers are rounded half up and shown with thousands and a proper minus', () => {
  assert.equal(round('2.345', 2), '2.35');
  assert.equal(round('-0.004', 2), '0.00');
  assert.equal(round('0.0000005', 6), '0.000001');
  assert.equal(show('-1234567.5', 1), '−1,234,567.5');
  assert.equal(show('62280'), '62,280');
  assert.equal(showTyped('1842.55', 1), '1,842.55');
  assert.equal(show(null, 2), '');
});

test('a change needs something to compare with', () => {
  assert.equal(change('279230', '219480'), '+27.2%');
  assert.equal(change('4261', '4392'), '−3.0%');
  assert.equal(change('1', '0'), '—');
  assert.equal(change('5', null), '—');
});

test('cells of a spreadsheet survive the clipboard', () => {
  assert.deepEqual(parseCells('1\t2\r\n3\t"a ""b""\nc"\r\n'), [['1', '2'], ['3', 'a "b"\nc']]);
  const rows = [['1,240.0', 'x\ty'], ['', '"']];
  assert.deepEqual(parseCells(writeCells(rows)), rows);
});

const n = (name: string) => ['name', 'number', name];
const DATA: SheetData = {
  cells: {
    a: { label: 'a', value: '1.5' },
    b: { label: 'b', value: null },
    sum: { label: 'sum', places: 1, expr: { v: 1, type: 'number', tree: ['add', ['coalesce', n('a'), ['lit', 'number', '0']], ['coalesce', n('b'), ['lit', 'number', '0']]] } },
    twice: { label: 'twice', expr: { v: 1, type: 'number', tree: ['mul', n('sum'), n('k')] } },
  },
  order: ['sum', 'twice'],
  given: { k: '2' },
  checks: [{ code: 'c1', level: 'warning', cell: 'sum', message: 'small', expr: { v: 1, type: 'boolean', tree: ['lt', n('sum'), ['lit', 'number', '10']] } }],
};

test('computed cells follow, in order, and come back by undo', () => {
  const sheet = new Sheet(DATA);
  assert.equal(sheet.get('twice'), '3');
  assert.deepEqual(sheet.set({ b: '4' }).sort(), ['b', 'sum', 'twice']);
  assert.equal(sheet.get('sum'), '5.5');
  assert.deepEqual(sheet.undo(), { b: null });
  sheet.set({ b: null }, false);
  assert.equal(sheet.get('twice'), '3');
  assert.deepEqual(sheet.redo(), { b: '4' });
});

test('a finding waits for its reason', () => {
  const sheet = new Sheet(DATA);
  assert.deepEqual(sheet.findings(), []);
  sheet.set({ b: '20' });
  assert.equal(sheet.findings()[0]?.kind, 'warn');
  sheet.reasons['c1'] = '新楼启用';
  assert.equal(sheet.findings()[0]?.kind, 'noted');
});
