import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { BpmnModdle } from 'bpmn-moddle';
import { type Element, type Factory, handedOf, handedProperties, processOf, processProperties, type Properties, stepOf, stepProperties } from '../process/moddle.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const moddle = new BpmnModdle({ sz: JSON.parse(read('../process/sz.json')) as Record<string, unknown> });
const make = moddle as unknown as Factory;

async function open(xml: string) {
  const { rootElement, warnings } = await moddle.fromXML(xml);
  assert.deepEqual(warnings.filter((w) => !/unknown attribute/.test((w as Error).message)), []);
  const root = rootElement as unknown as Element;
  const process = (root.get('rootElements') as Element[]).find((e) => e.$type === 'bpmn:Process')!;
  const humans = (process.get('flowElements') as Element[]).filter((e) => ['bpmn:UserTask', 'bpmn:ManualTask'].includes(e.$type));
  return { root, process, humans };
}
const write = (on: Element, properties: Properties) => Object.entries(properties).forEach(([name, value]) => on.set(name, value));
const xmlOf = async (root: Element) => (await moddle.toXML(root as never, { format: true })).xml;

test('what stands in a process comes back from the panel as it was, with what other tools wrote', async () => {
  const foreign = '<other:listener xmlns:other="urn:other" class="x" />';
  const drawn = read('../../shuzheng/base/flows/data/purchase.bpmn').replace('<sz:step ', `${foreign}<sz:step later="1" `).replace('<sz:process ', '<sz:process tests="warn" ');
  const before = await open(drawn);
  const told = [processOf(before.process, before.humans), before.humans.map(stepOf)];
  assert.ok(before.humans.length > 3 && before.humans.map(stepOf).some((s) => s.mode === 'claim') && before.humans.every((h) => stepOf(h).who.length));
  for (const on of before.humans) write(on, stepProperties(make, on, stepOf(on)));
  write(before.process, processProperties(make, before.process, processOf(before.process, before.humans)));
  const xml = await xmlOf(before.root);
  const after = await open(xml);
  assert.deepEqual([processOf(after.process, after.humans), after.humans.map(stepOf)], told);
  assert.match(xml, /<sz:step [^>]*later="1"/);
  assert.match(xml, /<sz:process [^>]*tests="warn"/);
  assert.match(xml, /other:listener[^>]*class="x"/);
});

test('how several people do it is also said in plain BPMN', async () => {
  const { humans } = await open(read('../../shuzheng/base/flows/data/purchase.bpmn'));
  const on = humans[0]!;
  const loop = (mode: string) => {
    write(on, stepProperties(make, on, { ...stepOf(on), mode: mode as never, share: '0.6' }));
    const found = on.get('loopCharacteristics') as Element | undefined;
    const end = found?.get('completionCondition') as Element | undefined;
    return [stepOf(on).mode, found?.get('isSequential') ?? null, end?.get('body') ?? ''];
  };
  assert.deepEqual(loop('any'), ['any', false, 'nrOfCompletedInstances >= 1']);
  assert.deepEqual(loop('share'), ['share', false, 'nrOfAgreed / nrOfInstances >= 0.6']);
  assert.deepEqual(loop('sequence'), ['sequence', true, '']);
  assert.deepEqual(loop('claim'), ['claim', null, '']);
});

test('what a call gives and takes back is kept, and an empty one leaves nothing', async () => {
  const inside = '<bpmn:extensionElements><sz:call><sz:input name="copies" value="n * 2" /><sz:output name="seal" value="name" /></sz:call></bpmn:extensionElements>';
  const drawn = read('../../shuzheng/base/flows/data/purchase.bpmn').replace('<bpmn:endEvent', `<bpmn:callActivity id="use" calledElement="seal">${inside}</bpmn:callActivity><bpmn:endEvent`);
  const { root, process } = await open(drawn);
  const on = (process.get('flowElements') as Element[]).find((e) => e.id === 'use')!;
  assert.deepEqual(handedOf(on), { inputs: { copies: 'n * 2' }, outputs: { seal: 'name' } });
  write(on, handedProperties(make, on, { inputs: { copies: '3', pages: '' }, outputs: {} }));
  assert.match(await xmlOf(root), /<sz:call>\s*<sz:input name="copies" value="3" \/>\s*<\/sz:call>/);
  write(on, handedProperties(make, on, { inputs: {}, outputs: {} }));
  assert.doesNotMatch(await xmlOf(root), /sz:call/);
});
