import assert from 'node:assert/strict';
import test from 'node:test';
import '../lib/testing.ts';
import { copied, type Process, put, recode, rowsOf, shift, slotOf, steps, textOf } from '../process/model.ts';

const step = (id: string) => ({ type: 'step' as const, id, name: id, who: ['head'], cc: [] });
const process = (): Process => ({
  code: 'ask', name: '请示', title: '请示：{amount}', fields: [{ code: 'amount', label: '金额', kind: 'money' }],
  steps: [
    step('one'),
    { type: 'branch', id: 'gate', name: '', arms: [{ name: '大额', when: 'amount > 5000 and kind = "amount"', steps: [step('two')] }, { name: '', when: '', steps: [] }] },
    { ...step('three'), who: ['=if amount > 1 then "head" else "chosen"'], fields: { amount: 'edit' } },
  ],
}); // prettier-ignore
const order = (p: Process) => steps(p).map((s) => s.id).join();

test('conditions are rows where they can be, and come back as they were', () => {
  for (const text of ['amount > 5000', 'kind = "a and b" or one.result = "refuse"', 'day < date("2026-01-31") and is_urgent = true', '金额 != -3.5']) {
    assert.equal(textOf(rowsOf(text)!), text);
  }
  for (const text of ['amount > limit', 'a = 1 and b = 2 or c = 3', 'amount in [1..5]', 'not(is_urgent)']) assert.equal(rowsOf(text), null);
});

test('a field that gets another code is followed everywhere, except in texts', () => {
  const p = process();
  recode(p, p.fields[0]!, 'sum_yuan');
  assert.equal(p.title, '请示：{sum_yuan}');
  const gate = p.steps[1]!;
  assert.equal(gate.type !== 'step' && gate.arms[0]!.when, 'sum_yuan > 5000 and kind = "amount"');
  const last = steps(p)[2]!;
  assert.deepEqual([last.who[0], last.fields], ['=if sum_yuan > 1 then "head" else "chosen"', { sum_yuan: 'edit' }]);
});

test('steps move into ways and out, but no branch into itself', () => {
  const p = process();
  const gate = slotOf(p.steps, 'gate')!;
  const node = gate.list[gate.at]!;
  assert.ok(node.type !== 'step');
  assert.ok(put(p, 'one', { list: node.arms[0]!.steps, at: 1 }));
  assert.equal(order(p), 'two,one,three');
  assert.ok(!put(p, 'gate', { list: node.arms[1]!.steps, at: 0 }));
  assert.ok(shift(p, 'one', 1)); // out of the way, below the branch
  assert.equal(order(p), 'two,one,three');
  assert.equal(p.steps.map((n) => n.id).join(), 'gate,one,three');
  assert.ok(shift(p, 'three', -1) && !shift(p, 'gate', -1));
  assert.equal(p.steps.map((n) => n.id).join(), 'gate,three,one');
});

test('a copy has ids of its own', () => {
  const p = process();
  const copy = copied(p, p.steps[1]!);
  p.steps.push(copy);
  const ids = [...steps(p).map((s) => s.id), copy.id, 'gate'];
  assert.equal(new Set(ids).size, ids.length);
});
