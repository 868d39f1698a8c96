/** Our words inside BPMN (`sz.json`) as the plain objects of the simple view, and back, as `shuzheng/base/flows/simple.py` writes them. */
import type { Field, Process, Step } from './model.ts';

/** An element of bpmn-moddle, as far as it is used here. */
export interface Element {
  $type: string;
  $parent?: Element;
  id: string;
  name?: string;
  get(name: string): unknown;
  set(name: string, value: unknown): void;
}
export interface Factory {
  create(type: string, attrs?: Record<string, unknown>): Element;
}
/** What is to be written to an element, as `modeling.updateProperties` takes it. */
export type Properties = Record<string, unknown>;

const text = (on: Element | undefined, name: string): string => String(on?.get(name) ?? '');
const values = (on: Element): Element[] => ((on.get('extensionElements') as Element | undefined)?.get('values') as Element[] | undefined) ?? [];
const own = (on: Element, type: string): Element | undefined => values(on).find((v) => v.$type === type);

/** The extension elements anew: those of other tools as they were, ours in place of what stood. */
function extended(make: Factory, on: Element, ours: Element[], types: string[]): Element {
  const kept = values(on).filter((v) => !types.includes(v.$type));
  const holder = make.create('bpmn:ExtensionElements', { values: [...kept, ...ours] });
  for (const one of [...kept, ...ours]) one.$parent = holder;
  holder.$parent = on;
  return holder;
}

/** Words of ours that a later version has and this one does not know: kept. */
const unknown = (on: Element | undefined): Record<string, unknown> => (on as { $attrs?: Record<string, unknown> } | undefined)?.$attrs ?? {};

const filled = (values: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(values).filter(([, v]) => v !== '' && v !== undefined && v !== false));

const STEP = ['kind', 'mode', 'share', 'empty', 'refuse', 'back', 'due', 'overdue', 'every', 'hold', 'name_en'] as const;

export function stepOf(on: Element): Step {
  const step = own(on, 'sz:Step');
  const pairs = text(step, 'fields').split(/\s+/).filter(Boolean).map((pair) => pair.split(':') as [string, string]); // prettier-ignore
  const rules = (type: string) => values(on).filter((v) => v.$type === type).map((v) => text(v, 'rule')); // prettier-ignore
  const said = filled(Object.fromEntries(STEP.map((name) => [name, text(step, name)])));
  const kind = on.$type === 'bpmn:ManualTask' ? 'handle' : 'approve';
  return {
    type: 'step', id: on.id, name: on.name ?? '', kind, mode: looped(on), ...said, who: rules('sz:Who'), cc: rules('sz:Cc'),
    ...(text(step, 'skip') === 'same' ? { skip: true } : {}), ...(pairs.length ? { fields: Object.fromEntries(pairs) } : {}),
  } as Step; // prettier-ignore
}

/** What plain BPMN says of several people, where ours says nothing. */
function looped(on: Element): Step['mode'] {
  const loop = on.get('loopCharacteristics') as Element | undefined;
  if (!loop) return 'single';
  if (loop.get('isSequential')) return 'sequence';
  const ends = text(loop.get('completionCondition') as Element | undefined, 'body').replace(/\s/g, '');
  return /nrOfCompletedInstances(>=|>)[01]$/.test(ends) ? 'any' : 'all';
}

const ENDS: Partial<Record<string, (step: Step) => string>> = {
  any: () => 'nrOfCompletedInstances >= 1',
  share: (step) => `nrOfAgreed / nrOfInstances >= ${step.share ?? '0.5'}`,
};

export function stepProperties(make: Factory, on: Element, step: Step): Properties {
  const fields = Object.entries(step.fields ?? {}).map(([code, right]) => `${code}:${right}`).join(' '); // prettier-ignore
  const attrs = filled({ ...unknown(own(on, 'sz:Step')), ...Object.fromEntries(STEP.map((name) => [name, step[name] ?? ''])), skip: step.skip ? 'same' : '', fields });
  const rules = (type: string, list: string[]) => list.map((rule) => make.create(type, { rule }));
  const ours = [make.create('sz:Step', attrs), ...rules('sz:Who', step.who), ...rules('sz:Cc', step.cc)];
  const mode = step.mode ?? 'single';
  let loop: Element | undefined;
  if (['all', 'share', 'veto', 'any', 'sequence'].includes(mode)) {
    const expression = (body: string) => make.create('bpmn:FormalExpression', { body });
    const end = ENDS[mode]?.(step);
    loop = make.create('bpmn:MultiInstanceLoopCharacteristics', filled({ isSequential: mode === 'sequence', loopCardinality: expression('nrOfInstances'), completionCondition: end && expression(end) }));
    loop.$parent = on;
  }
  return { name: step.name, loopCharacteristics: loop, extensionElements: extended(make, on, ours, ['sz:Step', 'sz:Who', 'sz:Cc']) };
}

const PROCESS = ['code', 'name_en', 'group', 'about', 'basis', 'title', 'withdraw', 'tests', 'confidence', 'hold', 'adding'] as const;
const FIELD = ['code', 'label', 'label_en', 'kind', 'unit', 'help', 'start'] as const;

/** The process with its form; `steps` are all human ones, in a row, for those who speak of them. */
export function processOf(on: Element, humans: Element[]): Process {
  const said = own(on, 'sz:Process');
  const fields = ((own(on, 'sz:Form')?.get('fields') as Element[] | undefined) ?? []).map((field): Field => ({
    ...(filled(Object.fromEntries(FIELD.map((name) => [name, text(field, name)]))) as unknown as Field),
    required: text(field, 'required') === 'true', options: text(field, 'options').split('|').filter(Boolean),
  })); // prettier-ignore
  return { ...(Object.fromEntries(PROCESS.map((name) => [name, text(said, name)])) as unknown as Process), name: on.name ?? '', fields, steps: humans.map(stepOf) };
}

export function processProperties(make: Factory, on: Element, process: Process): Properties {
  const fields = process.fields.map((f) => make.create('sz:Field', filled({ ...Object.fromEntries(FIELD.map((name) => [name, f[name] ?? ''])), required: f.required ? 'true' : '', options: (f.options ?? []).join('|') })));
  const form = make.create('sz:Form', { fields });
  for (const field of fields) field.$parent = form;
  const ours = [make.create('sz:Process', filled({ ...unknown(own(on, 'sz:Process')), ...Object.fromEntries(PROCESS.map((name) => [name, process[name] ?? ''])) })), form];
  return { name: process.name, extensionElements: extended(make, on, ours, ['sz:Process', 'sz:Form']) };
}

/** What a call gives to the process that it calls, by its field, and what comes back, by ours. */
export interface Handed {
  inputs: Record<string, string>;
  outputs: Record<string, string>;
}

export function handedOf(on: Element): Handed {
  const call = own(on, 'sz:Call');
  const pairs = (name: string) => Object.fromEntries(((call?.get(name) as Element[] | undefined) ?? []).map((one) => [text(one, 'name'), text(one, 'value')]));
  return { inputs: pairs('inputs'), outputs: pairs('outputs') };
}

export function handedProperties(make: Factory, on: Element, handed: Handed): Properties {
  const list = (type: string, pairs: Record<string, string>) => Object.entries(filled(pairs)).map(([name, value]) => make.create(type, { name, value }));
  const inputs = list('sz:Input', handed.inputs);
  const outputs = list('sz:Output', handed.outputs);
  const call = make.create('sz:Call', { inputs, outputs });
  for (const one of [...inputs, ...outputs]) one.$parent = call;
  return { extensionElements: extended(make, on, inputs.length || outputs.length ? [call] : [], ['sz:Call']) };
}
