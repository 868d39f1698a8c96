/** The panel of bpmn-js for elements that the simple designer does not have: flows, gateways, rules, scripts, events, calls. */
import { el, icon } from '../lib/island.ts';
import { conditionEditor } from './conditions.ts';
import type { Process } from './model.ts';
import { type Element, type Factory, handedOf, handedProperties, type Properties } from './moddle.ts';
import { field } from './panel.ts';
import { select } from './rules.ts';
import { saySpecial as say } from './special.ts';

/** A process that may be called, with what its starter fills in. */
export interface Callable {
  code: string;
  name: string;
  fields: { code: string; label: string; required: boolean }[];
}
export interface Bench {
  make: Factory;
  process: Process;
  /** Id of the process that is drawn. */
  own: string;
  /** Ids of the decision tables. */
  tables: string[];
  /** Processes in force that may be called. */
  callable: Callable[];
  /** Root elements of a type: messages, signals, errors, escalations. */
  roots(type: string): Element[];
  addRoot(element: Element): void;
  write(properties: Properties): void;
  writeOn(element: Element, properties: Properties): void;
  redraw(): void;
}

function line(bench: Bench, label: string, value: string, then: (value: string) => void, more: { area?: boolean; hint?: string; key: string }): HTMLElement {
  const box = more.area ? el('textarea', { class: 'form-control code', rows: '4', 'data-key': more.key }) : el('input', { class: 'form-control', 'data-key': more.key, autocomplete: 'off' });
  box.value = value;
  box.addEventListener('change', () => then(box.value.trim()));
  void bench;
  return field(label, box, more.hint ?? '');
}

const body = (on: unknown): string => String((on as Element | undefined)?.get('body') ?? '');

export function elementPanel(bench: Bench, on: Element): HTMLElement[] {
  const parts = [line(bench, say('name'), on.name ?? '', (name) => bench.write({ name }), { key: 'name' })];
  if (on.$type === 'bpmn:SequenceFlow') parts.push(...flow(bench, on));
  else if (on.$type === 'bpmn:BusinessRuleTask') parts.push(decision(bench, on));
  else if (on.$type === 'bpmn:ScriptTask') parts.push(line(bench, say('script'), String(on.get('script') ?? ''), (script) => bench.write({ script }), { area: true, key: 'script', hint: say('scriptHint') }));
  else if (on.$type === 'bpmn:CallActivity') parts.push(...call(bench, on));
  else if (on.$type === 'bpmn:SendTask' || on.$type === 'bpmn:ReceiveTask') parts.push(reference(bench, on, 'bpmn:Message', 'messageRef'));
  for (const event of (on.get('eventDefinitions') as Element[] | undefined) ?? []) parts.push(...eventParts(bench, event));
  parts.push(field('ID', el('input', { class: 'form-control code', value: on.id, readonly: '' })));
  return parts;
}

function flow(bench: Bench, on: Element): HTMLElement[] {
  const source = on.get('sourceRef') as Element;
  if (source.$type !== 'bpmn:ExclusiveGateway' && source.$type !== 'bpmn:InclusiveGateway') return [];
  const isDefault = source.get('default') === on;
  const box = el('input', { class: 'sz-check', type: 'checkbox', 'data-key': 'default' });
  box.checked = isDefault;
  box.addEventListener('change', () => {
    if (box.checked) bench.write({ conditionExpression: undefined });
    bench.writeOn(source, { default: box.checked ? on : undefined });
    bench.redraw();
  });
  const usual = el('label', { class: 'row-flex sz-check-line fd-field' }, box, el('span', {}, say('usual')));
  if (isDefault) return [usual];
  const editor = conditionEditor(bench.process, body(on.get('conditionExpression')), (text) => bench.write({ conditionExpression: text ? bench.make.create('bpmn:FormalExpression', { body: text }) : undefined }));
  return [usual, el('fieldset', { class: 'fd-field' }, el('legend', { class: 'sz-label' }, say('condition')), editor)];
}

function decision(bench: Bench, on: Element): HTMLElement {
  // other tools name it by an element of theirs, which is kept and shown
  const theirs = ((on.get('extensionElements') as Element | undefined)?.get('values') as Element[] | undefined)?.find((v) => v.$type.endsWith(':calledDecisionId'));
  if (theirs) return field(say('table'), el('input', { class: 'form-control code', value: String((theirs as unknown as { $body?: string }).$body ?? ''), readonly: '' }));
  const options: [string, string][] = [['', '—'], ...bench.tables.map((code): [string, string] => [code, code])];
  return field(say('table'), select(say('table'), options, String(on.get('sz:decision') ?? ''), (code) => bench.write({ 'sz:decision': code || undefined })), say('tableHint'));
}

/** Which process is called, what its fields are given, and what comes back into ours. */
function call(bench: Bench, on: Element): HTMLElement[] {
  const code = String(on.get('calledElement') ?? '');
  const here = bench.roots('bpmn:Process').filter((p) => p.id !== bench.own).map((p): [string, string] => [p.id, p.name ?? p.id]); // prettier-ignore
  const options: [string, string][] = [['', '—'], ...bench.callable.map((c): [string, string] => [c.code, `${c.name}（${c.code}）`]), ...here];
  if (!options.some(([value]) => value === code)) options.push([code, code]);
  const chosen = select(say('called'), options, code, (calledElement) => {
    bench.write({ calledElement: calledElement || undefined });
    bench.redraw();
  }, { 'data-key': 'called' }); // prettier-ignore
  const parts = [field(say('called'), chosen, say('calledHint'))];
  const found = bench.callable.find((c) => c.code === code);
  if (!found) return parts;
  const handed = handedOf(on);
  const ours = new Set(bench.process.fields.map((f) => f.code));
  const row = (kind: 'inputs' | 'outputs', name: string, label: string, usual: string) => {
    const box = el('input', { class: 'form-control code', autocomplete: 'off', placeholder: usual, 'data-key': `${kind}-${name}` });
    box.value = handed[kind][name] ?? '';
    box.addEventListener('change', () => {
      handed[kind][name] = box.value.trim();
      bench.write(handedProperties(bench.make, on, handed));
    });
    return field(label, box);
  };
  const given = found.fields.map((f) => row('inputs', f.code, f.label, ours.has(f.code) ? say('sameField') : f.required ? say('mustGive') : say('leftEmpty')));
  const back = bench.process.fields.map((f) => row('outputs', f.code, f.label || f.code, ''));
  if (given.length) parts.push(el('fieldset', { class: 'fd-field' }, el('legend', { class: 'sz-label' }, say('given')), ...given));
  if (back.length) parts.push(el('details', { class: 'fd-field' }, el('summary', { class: 'sz-label' }, say('back')), ...back));
  return parts;
}

/** A message, signal, error or escalation by its name: one that there is, or a new one. */
function reference(bench: Bench, on: Element, type: string, key: string): HTMLElement {
  const found = bench.roots(type);
  const current = on.get(key) as Element | undefined;
  const box = select(say('reference'), [['', '—'], ...found.map((r): [string, string] => [r.id, r.name ?? r.id])], current?.id ?? '', (id) => bench.writeOn(on, { [key]: found.find((r) => r.id === id) }));
  const fresh = el('input', { class: 'form-control', placeholder: say('newName'), 'aria-label': say('newName') });
  const add = el('button', { class: 'btn btn-sm', type: 'button' }, icon('plus'), say('addName'));
  add.addEventListener('click', () => {
    const name = fresh.value.trim();
    if (!name) return fresh.focus();
    const taken = new Set(found.map((r) => r.id));
    let n = found.length + 1;
    const stem = type.replace('bpmn:', '').toLowerCase();
    while (taken.has(`${stem}${n}`)) n += 1;
    const made = bench.make.create(type, { id: `${stem}${n}`, name, ...(type === 'bpmn:Error' ? { errorCode: name } : type === 'bpmn:Escalation' ? { escalationCode: name } : {}) });
    bench.addRoot(made);
    bench.writeOn(on, { [key]: made });
    bench.redraw();
  });
  return el('div', { class: 'fd-field' }, el('span', { class: 'sz-label' }, say('reference')), box, el('span', { class: 'fd-row fd-newref' }, fresh, add));
}

function eventParts(bench: Bench, event: Element): HTMLElement[] {
  const named: Record<string, [string, string]> = {
    'bpmn:MessageEventDefinition': ['bpmn:Message', 'messageRef'], 'bpmn:SignalEventDefinition': ['bpmn:Signal', 'signalRef'],
    'bpmn:ErrorEventDefinition': ['bpmn:Error', 'errorRef'], 'bpmn:EscalationEventDefinition': ['bpmn:Escalation', 'escalationRef'],
  }; // prettier-ignore
  const found = named[event.$type];
  if (found) return [reference(bench, event, ...found)];
  if (event.$type !== 'bpmn:TimerEventDefinition') return [];
  const isDate = Boolean(event.get('timeDate'));
  const write = (kind: string, text: string) => {
    const expression = text ? bench.make.create('bpmn:FormalExpression', { body: text }) : undefined;
    bench.writeOn(event, { timeDate: undefined, timeDuration: undefined, [kind]: expression });
  };
  const kinds: [string, string][] = [['timeDuration', say('duration')], ['timeDate', say('day')]];
  const held = body(event.get('timeDate')) || body(event.get('timeDuration'));
  const kind = select(say('when'), kinds, isDate ? 'timeDate' : 'timeDuration', (value) => write(value, held));
  return [field(say('when'), kind), line(bench, say('time'), held, (text) => write(kind.value, text), { key: 'time', hint: say('timeHint') })];
}
