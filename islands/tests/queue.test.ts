import assert from 'node:assert/strict';
import test from 'node:test';
import { soon, until } from '../lib/testing.ts';
import { type Options, Queue, type State } from '../lib/queue.ts';

interface Sent {
  key: string;
  version: number;
  cells: Record<string, unknown>;
}

function make(answers: (Response | Error)[], more: Partial<Options> = {}) {
  localStorage.clear();
  const sent: Sent[] = [];
  const states: State[] = [];
  const queue = new Queue({
    url: '/cells', place: 'p', version: 1, token: () => 'tok', rest: 5, retry: 10,
    onState: (state) => states.push(state), onAnswer: () => undefined,
    fetch: async (_url, init) => {
      sent.push(JSON.parse(String(init?.body)) as Sent);
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...more,
  }); // prettier-ignore
  return { queue, sent, states };
}
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

test('changes leave as one batch and are forgotten once acknowledged', async () => {
  const { queue, sent, states } = make([json(200, { version: 2 })]);
  queue.put({ a: '1' });
  queue.put({ a: '2', b: null });
  await until(() => queue.count === 0);
  assert.deepEqual(sent.map((batch) => batch.cells), [{ a: '2', b: null }]);
  assert.equal(queue.version, 2);
  assert.equal(queue.count, 0);
  assert.equal(localStorage.getItem('p'), null);
  assert.deepEqual(states, ['saving', 'saved']);
});

test('without a network the same batch is sent again under the same key', async () => {
  const { queue, sent, states } = make([new Error('down'), json(503, {}), json(200, { version: 2 })]);
  queue.put({ a: '1' });
  await until(() => queue.count === 0);
  assert.equal(sent.length, 3);
  assert.equal(new Set(sent.map((batch) => batch.key)).size, 1);
  assert.equal(states[states.length - 1], 'saved');
});

test('what was not sent is taken up by the next page', async () => {
  const { queue, sent: first } = make([new Error('down')], { retry: 10_000 });
  queue.put({ a: '7' });
  await until(() => first.length === 1);
  await soon();
  queue.stop();
  const kept = localStorage.getItem('p')!;
  const { queue: next, sent } = (() => {
    const made = make([json(200, {})]);
    localStorage.setItem('p', kept);
    return { ...made, queue: new Queue({ url: '/c', place: 'p', version: 1, token: () => '', onState: () => undefined, onAnswer: () => undefined, fetch: async () => json(200, {}) }) };
  })();
  assert.deepEqual(next.pending, { a: '7' });
  assert.equal(sent.length, 0);
  await until(() => next.count === 0);
  assert.equal(next.count, 0);
});

test('a conflict keeps what was typed until it is settled; the rest is saved', async () => {
  let conflicts: unknown;
  const { queue, sent } = make([json(409, { version: 5, conflicts: { a: { yours: '1', theirs: '9' } } }), json(200, { version: 6 }), json(200, { version: 7 })], {
    onAnswer: (answer) => (conflicts = answer.conflicts ?? conflicts),
  });
  queue.put({ a: '1', b: '2' });
  await until(() => queue.version === 6);
  assert.deepEqual(conflicts, { a: { yours: '1', theirs: '9' } });
  assert.deepEqual(sent.slice(1).map(({ version, cells }) => ({ version, cells })), [{ version: 5, cells: { b: '2' } }]);
  assert.deepEqual(queue.pending, { a: '1' });
  queue.settle('a', true);
  await queue.flush();
  assert.deepEqual(sent[2]!.cells, { a: '1' });
  assert.equal(queue.count, 0);
});
