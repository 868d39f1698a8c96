import assert from 'node:assert/strict';
import test from 'node:test';
import { compile, ExprError, type Form, type Json, references } from './expr.ts';

const form = (type: string, tree: Json): Form => ({ v: 1, type, tree });
const n = (name: string): Json => ['name', 'number', name];
const lit = (value: string | null): Json => ['lit', 'number', value];

test('numbers stay exact', () => {
  const run = compile(form('number', ['mul', ['add', n('a'), n('b')], lit('3')]));
  assert.equal(run({ a: '0.1', b: '0.2' }), '0.9');
  assert.equal(run({ a: '99999999999999999999.99', b: 1 }), '300000000000000000002.97');
  assert.equal(compile(form('number', ['div', lit('-2'), lit('3')]))({}), '-0.66666666666666666667');
});

test('division by zero and missing names give null', () => {
  assert.equal(compile(form('number', ['div', lit('1'), n('a')]))({ a: '0' }), null);
  assert.equal(compile(form('number', ['neg', n('constructor')]))({}), null);
});

test('halves are rounded away from zero', () => {
  const run = compile(form('number', ['round', n('a'), 2]));
  assert.equal(run({ a: '1.005' }), '1.01');
  assert.equal(run({ a: '-1.005' }), '-1.01');
  assert.equal(compile(form('number', ['round', n('a'), -2]))({ a: '1250' }), '1300');
});

test('and, or and in are three-valued', () => {
  const b = (name: string): Json => ['name', 'boolean', name];
  assert.equal(compile(form('boolean', ['and', b('x'), b('y')]))({ x: null, y: false }), false);
  assert.equal(compile(form('boolean', ['or', b('x'), b('y')]))({ x: null, y: false }), null);
  const inside = compile(form('boolean', ['in', n('a'), ['range', lit('1'), lit('5'), '[)'], ['isnull']]));
  assert.deepEqual([inside({ a: '1' }), inside({ a: '5' }), inside({ a: null })], [true, false, true]);
});

test('dates are days without a zone', () => {
  const d = (name: string): Json => ['name', 'date', name];
  const months = compile(form('number', ['months_between', d('a'), d('b')]));
  assert.equal(months({ a: '2024-01-31', b: '2024-03-30' }), '1');
  assert.equal(compile(form('date', ['max', ['list', d('a'), d('b')]]))({ a: '2024-01-31', b: null }), '2024-01-31');
  assert.throws(() => months({ a: '2024-02-30', b: '2024-03-30' }), ExprError);
});

test('a value of another type, an unknown operator and another version are refused', () => {
  for (const wrong of ['', 'abc', '1e5', true, '１', '1'.repeat(31)]) {
    assert.throws(() => compile(form('number', n('a')))({ a: wrong }), ExprError);
  }
  assert.throws(() => compile(form('number', ['eval', lit('1')])), ExprError);
  assert.throws(() => compile({ v: 2, type: 'number', tree: lit('1') }), ExprError);
});

test('references are the names', () => {
  const tree: Json = ['if', ['eq', n('a'), ['lit', 'text', 'name']], n('电.7月'), ['in', n('a'), ['cmp', 'lt', n('b')]]];
  assert.deepEqual([...references(form('number', tree))].sort(), ['a', 'b', '电.7月']);
});
