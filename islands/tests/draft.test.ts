import assert from 'node:assert/strict';
import test from 'node:test';
import '../lib/testing.ts';
import { type Answer, Draft, type Keeping } from '../lib/draft.ts';

Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
type Sent = { version: number; text: string };

/** A draft of one text, and a server that answers in turn. */
function begin(answers: [number, Answer][], mine = true) {
  localStorage.clear();
  document.body.innerHTML = '<span data-saved></span>';
  const sent: Sent[] = [];
  const told: string[] = [];
  const doc = { text: 'a' };
  globalThis.fetch = ((_url: string, options: RequestInit) => {
    sent.push(JSON.parse(String(options.body)) as Sent);
    const [status, body] = answers.shift() ?? [200, { version: 99 }];
    return Promise.resolve({ ok: status < 400, status, json: () => Promise.resolve(body) });
  }) as never;
  const keeping: Keeping = {
    place: 'p', url: '/x/', version: 1, method: 'PUT', body: () => ({ ...doc }), took: () => told.push('took'), refused: () => told.push('refused'),
    clash: (answer) => {
      told.push(`clash ${String(answer['text'])}`);
      if (!mine) doc.text = String(answer['text']);
      return Promise.resolve(mine);
    },
  }; // prettier-ignore
  return { draft: new Draft(keeping), doc, sent, told, keeping };
}
const state = () => document.querySelector<HTMLElement>('[data-saved]')!.dataset['state'];

test('what was changed is kept here until the server has it', async () => {
  const { draft, doc, sent, told } = begin([[200, { version: 2 }], [200, { version: 3 }]]);
  doc.text = 'b';
  draft.changed();
  assert.deepEqual(JSON.parse(localStorage.getItem('p')!), { version: 1, text: 'b' });
  await draft.flush();
  assert.deepEqual([sent, told, localStorage.getItem('p'), state()], [[{ version: 1, text: 'b' }], ['took'], null, 'saved']);
  draft.changed();
  await draft.flush();
  assert.equal(sent[1]!.version, 2);
});

test('a clash is told; mine goes on with their version, theirs takes the place of mine', async () => {
  for (const mine of [true, false]) {
    const { draft, doc, sent, told } = begin([[409, { version: 7, text: 'theirs' }]], mine);
    doc.text = 'mine';
    draft.changed();
    await draft.flush();
    assert.deepEqual([told[0], draft.dirty], ['clash theirs', mine]);
    await draft.flush();
    if (mine) assert.deepEqual(sent[1], { version: 7, text: 'mine' });
    else assert.deepEqual([sent.length, doc.text, localStorage.getItem('p')], [1, 'theirs', null]);
  }
});

test('what did not reach the server goes with the version it was made on', async () => {
  const { draft, doc, sent, keeping } = begin([]);
  localStorage.setItem('p', JSON.stringify({ version: 5, text: 'of yesterday' }));
  keeping.version = 8; // somebody else has saved since
  doc.text = String(draft.kept()!['text']);
  await draft.flush();
  assert.deepEqual(sent, [{ version: 5, text: 'of yesterday' }]);
});

test('what is refused stays here', async () => {
  const { draft, told } = begin([[422, { message: '不支持 adHocSubProcess。' }]]);
  draft.changed();
  await draft.flush();
  assert.deepEqual([told, draft.dirty, state(), localStorage.getItem('p') !== null], [['refused'], true, 'fault', true]);
});
