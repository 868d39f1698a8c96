/** A condition as rows of choices, or as the expression it is. */
import { el, icon } from '../lib/island.ts';
import { type Condition, type Field, type Process, rowsOf, steps, type Term, textOf } from './model.ts';
import { select } from './rules.ts';
import { say } from './words.ts';

interface Item {
  name: string;
  label: string;
  kind: 'number' | 'text' | 'date' | 'boolean' | 'choice';
  options?: [string, string][];
}

const KINDS: Record<string, Item['kind']> = { number: 'number', money: 'number', date: 'date', boolean: 'boolean', choice: 'choice' };
const quoted = (text: string) => `"${text.replace(/"/g, '')}"`;

/** What a condition may look at, in words. */
export function items(process: Process): Item[] {
  const verdicts: [string, string][] = [['"pass"', say('passed')], ['"refuse"', say('refusedIt')]];
  const tiers: [string, string][] = [['1', say('nation')], ['2', say('province')], ['3', say('prefecture')], ['4', say('county')]];
  const ofField = (f: Field): Item => ({
    name: f.code, label: f.label, kind: KINDS[f.kind ?? 'text'] ?? 'text', ...(f.kind === 'choice' ? { options: (f.options ?? []).map((o): [string, string] => [quoted(o), o]) } : {}),
  }); // prettier-ignore
  return [
    ...process.fields.filter((f) => f.kind !== 'choices').map(ofField),
    { name: 'is_urgent', label: say('urgent'), kind: 'boolean' },
    { name: 'starter.tier', label: say('starterTier'), kind: 'choice', options: tiers },
    { name: 'starter.is_head', label: say('starterHead'), kind: 'boolean' },
    { name: 'result', label: say('lastResult'), kind: 'choice', options: verdicts },
    ...steps(process).flatMap((s): Item[] => [
      { name: `${s.id}.result`, label: say('stepResult', { name: s.name }), kind: 'choice', options: verdicts },
      { name: `${s.id}.agreed`, label: say('agreed', { name: s.name }), kind: 'number' },
    ]),
  ];
}

const OPS: Record<Item['kind'], [string, Parameters<typeof say>[0]][]> = {
  number: [['>', 'gt'], ['>=', 'ge'], ['<', 'lt'], ['<=', 'le'], ['=', 'eq'], ['!=', 'ne']],
  date: [['<', 'before'], ['>', 'after'], ['>=', 'notBefore'], ['<=', 'notAfter'], ['=', 'eq']],
  text: [['=', 'eq'], ['!=', 'ne']],
  choice: [['=', 'eq'], ['!=', 'ne']],
  boolean: [['=', 'eq']],
}; // prettier-ignore
const plain = (item: Item, value: string): string => (item.kind === 'date' ? value.replace(/^date\("|"\)$/g, '') : value.replace(/^"|"$/g, ''));

/** A condition in words, for the tree of steps. */
export function conditionWords(process: Process, text: string): string {
  const found = rowsOf(text);
  if (!found?.terms.length) return text;
  const known = items(process);
  const said = found.terms.map((term) => {
    const item = known.find((i) => i.name === term.name);
    if (!item) return textOf({ join: 'and', terms: [term] });
    const op = OPS[item.kind].find(([sign]) => sign === term.op)?.[1];
    const unit = process.fields.find((f) => f.code === item.name)?.unit;
    const value = item.kind === 'boolean' ? say(term.value === 'true' ? 'yes' : 'no') : item.options?.find(([v]) => v === term.value)?.[1] ?? plain(item, term.value);
    return [item.label, item.kind === 'boolean' ? '' : op ? say(op) : term.op, value, unit ?? ''].filter(Boolean).join(' ');
  });
  return said.join(found.join === 'and' ? '，' : ` ${say('or')} `);
}

/** The editor of a condition. `then` gets the expression after each change; `redraw` is for changes of its shape. */
export function conditionEditor(process: Process, text: string, then: (text: string) => void): HTMLElement {
  const place = el('div', { class: 'fd-cond' });
  let current = text;
  const took = (next: string) => then((current = next));
  const asText = (why: string) => {
    const box = el('textarea', { class: 'form-control code', rows: '2', 'aria-label': say('condition'), 'data-key': 'when' });
    box.value = current;
    box.addEventListener('input', () => took(box.value.trim()));
    const back = el('button', { class: 'btn btn-quiet btn-sm', type: 'button' }, say('asRows'));
    back.hidden = rowsOf(current) === null;
    box.addEventListener('input', () => (back.hidden = rowsOf(current) === null));
    back.addEventListener('click', () => asRows(rowsOf(current) ?? { join: 'and', terms: [] }));
    place.replaceChildren(box, el('p', { class: 'sz-hint' }, `${why} ${say('exprHint', { step: steps(process)[0]?.id ?? 'step1' })}`), back);
  };
  const asRows = (condition: Condition) => {
    const known = items(process);
    const again = () => {
      took(textOf(condition));
      asRows(condition);
    };
    const rows = condition.terms.map((term, at) => row(known, term, () => took(textOf(condition)), again, () => {
      condition.terms.splice(at, 1);
      again();
    })); // prettier-ignore
    const more = el('button', { class: 'btn btn-sm', type: 'button', 'data-key': 'add-term' }, icon('plus'), say('addTerm'));
    more.addEventListener('click', () => {
      const first = known[0]!;
      condition.terms.push({ name: first.name, op: OPS[first.kind][0]![0], value: start(first) });
      again();
      place.querySelectorAll<HTMLElement>('.fd-term')[condition.terms.length - 1]?.querySelector('select')?.focus();
    });
    const text = el('button', { class: 'btn btn-quiet btn-sm', type: 'button' }, say('asText'));
    text.addEventListener('click', () => asText(''));
    const join = select(say('condition'), [['and', say('and')], ['or', say('or')]], condition.join, (v) => {
      condition.join = v as 'and' | 'or';
      took(textOf(condition));
    }); // prettier-ignore
    place.replaceChildren(...rows, el('div', { class: 'fd-row' }, more, ...(rows.length > 1 ? [join] : []), text), el('p', { class: 'sz-hint' }, say('conditionHint')));
  };
  const found = rowsOf(text);
  const known = new Set(items(process).map((i) => i.name));
  if (found && found.terms.every((term) => known.has(term.name))) asRows(found);
  else asText(found ? '' : say('tooMuch'));
  return place;
}

const start = (item: Item): string => (item.kind === 'boolean' ? 'true' : item.options?.[0]?.[0] ?? (item.kind === 'number' ? '0' : item.kind === 'date' ? `date("${new Date().getFullYear()}-01-01")` : '""'));

function row(known: Item[], term: Term, took: () => void, again: () => void, drop: () => void): HTMLElement {
  const item = known.find((i) => i.name === term.name)!;
  const names = select(say('condition'), known.map((i): [string, string] => [i.name, i.label]), term.name, (name) => {
    const next = known.find((i) => i.name === name)!;
    Object.assign(term, { name, op: OPS[next.kind][0]![0], value: start(next) });
    again();
  });
  const ops = select(item.label, OPS[item.kind].map(([sign, word]): [string, string] => [sign, say(word)]), term.op, (op) => {
    term.op = op;
    took();
  });
  const remove = el('button', { class: 'fd-x', type: 'button', 'aria-label': say('remove') }, icon('x'));
  remove.addEventListener('click', drop);
  return el('div', { class: 'fd-term' }, names, ops, value(item, term, took), remove);
}

function value(item: Item, term: Term, took: () => void): HTMLElement {
  const set = (v: string) => {
    term.value = v;
    took();
  };
  if (item.kind === 'boolean') return select(item.label, [['true', say('yes')], ['false', say('no')]], term.value, set);
  if (item.options) return select(item.label, item.options, term.value, set);
  const box = el('input', { class: 'form-control', 'aria-label': item.label, type: item.kind === 'date' ? 'date' : 'text', ...(item.kind === 'number' ? { inputmode: 'decimal' } : {}) });
  box.value = plain(item, term.value);
  box.addEventListener('input', () => {
    const text = box.value.trim();
    if (item.kind === 'number') {
      box.classList.toggle('is-invalid', !/^-?\d+(\.\d+)?$/.test(text));
      if (/^-?\d+(\.\d+)?$/.test(text)) set(text);
    } else if (item.kind === 'date') text && set(`date("${text}")`);
    else set(quoted(text));
  });
  return box;
}
