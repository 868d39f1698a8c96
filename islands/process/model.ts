/** The simple view of a process (`shuzheng/base/flows/simple.py`), and what is done to its tree of steps. */

export type Kind = 'approve' | 'handle' | 'read' | 'copy';
export type Mode = 'single' | 'any' | 'all' | 'share' | 'veto' | 'sequence' | 'claim';
export interface Step {
  type: 'step';
  id: string;
  name: string;
  kind?: Kind;
  mode?: Mode;
  share?: string;
  who: string[];
  cc: string[];
  refuse?: string;
  back?: string;
  empty?: string;
  due?: string;
  overdue?: string;
  every?: string;
  hold?: string;
  name_en?: string;
  skip?: boolean;
  fields?: Record<string, string>;
}
export interface Arm {
  name: string;
  when?: string;
  steps: Node[];
}
export interface Gate {
  type: 'branch' | 'together';
  id: string;
  name: string;
  arms: Arm[];
}
export type Node = Step | Gate;
export interface Field {
  code: string;
  label: string;
  label_en?: string;
  kind?: string;
  required?: boolean;
  unit?: string;
  options?: string[];
  help?: string;
  start?: string;
}
export interface Process {
  code: string;
  name: string;
  name_en?: string;
  title?: string;
  group?: string;
  about?: string;
  basis?: string;
  withdraw?: string;
  tests?: string;
  confidence?: string;
  hold?: string;
  adding?: string;
  fields: Field[];
  steps: Node[];
}

/** Where something is put: the list of an arm (or the trunk) and the place in it. */
export interface Slot {
  list: Node[];
  at: number;
}

export function* walk(nodes: Node[]): Generator<Node> {
  for (const node of nodes) {
    yield node;
    if (node.type !== 'step') for (const arm of node.arms) yield* walk(arm.steps);
  }
}

export const steps = (process: Process): Step[] => [...walk(process.steps)].filter((n): n is Step => n.type === 'step');

export function find(process: Process, id: string): Node | undefined {
  for (const node of walk(process.steps)) if (node.id === id) return node;
  return undefined;
}

/** The list that holds a node, and where it stands in it. */
export function slotOf(nodes: Node[], id: string): Slot | undefined {
  const at = nodes.findIndex((n) => n.id === id);
  if (at >= 0) return { list: nodes, at };
  for (const node of nodes) {
    if (node.type === 'step') continue;
    for (const arm of node.arms) {
      const found = slotOf(arm.steps, id);
      if (found) return found;
    }
  }
  return undefined;
}

/** A free id: `step3`, `branch1`. Ids are names in conditions, so they are never given anew. */
export function freeId(process: Process, kind: string, also: Iterable<string> = []): string {
  const taken = new Set([...walk(process.steps)].map((n) => n.id).concat(...also));
  for (let n = 1; ; n++) if (!taken.has(`${kind}${n}`)) return `${kind}${n}`;
}

export function freeCode(process: Process): string {
  const taken = new Set(process.fields.map((f) => f.code));
  for (let n = process.fields.length + 1; ; n++) if (!taken.has(`f${n}`)) return `f${n}`;
}

/** A copy of a node with ids of its own. */
export function copied(process: Process, node: Node): Node {
  const copy = JSON.parse(JSON.stringify(node)) as Node;
  const given: string[] = [];
  for (const one of walk([copy])) {
    one.id = freeId(process, one.type, given);
    given.push(one.id);
  }
  return copy;
}

/** Puts a node elsewhere; false when that is inside itself, or where it is. */
export function put(process: Process, id: string, to: Slot): boolean {
  const from = slotOf(process.steps, id);
  const node = from?.list[from.at];
  if (!from || !node || inside(node, to.list) || (from.list === to.list && (to.at === from.at || to.at === from.at + 1))) return false;
  from.list.splice(from.at, 1);
  to.list.splice(from.list === to.list && to.at > from.at ? to.at - 1 : to.at, 0, node);
  return true;
}

function inside(node: Node, list: Node[]): boolean {
  return node.type !== 'step' && node.arms.some((arm) => arm.steps === list || arm.steps.some((n) => inside(n, list)));
}

/** One up or down; at the edge of an arm it leaves the branch. */
export function shift(process: Process, id: string, by: 1 | -1): boolean {
  const slot = slotOf(process.steps, id);
  if (!slot) return false;
  const to = slot.at + by;
  if (to >= 0 && to < slot.list.length) return put(process, id, { list: slot.list, at: by > 0 ? to + 1 : to });
  const holder = [...walk(process.steps)].find((n): n is Gate => n.type !== 'step' && n.arms.some((arm) => arm.steps === slot.list));
  const outer = holder && slotOf(process.steps, holder.id);
  return outer ? put(process, id, { list: outer.list, at: by > 0 ? outer.at + 1 : outer.at }) : false;
}

/** Lets expressions follow a name that has become another; a text in quotes is no name. */
export function renaming(old: string, code: string): (text: string) => string {
  const word = new RegExp(`(?<![\\w.\\u4e00-\\u9fff])${old.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w.\\u4e00-\\u9fff])`, 'g');
  return (text) => text.split(/("[^"]*")/).map((part, i) => (i % 2 ? part : part.replace(word, code))).join('');
}

/** A field gets another code: conditions, rules, rights and the title follow. */
export function recode(process: Process, field: Field, code: string): void {
  const old = field.code;
  const follow = renaming(old, code);
  field.code = code;
  if (process.title) process.title = process.title.split(`{${old}}`).join(`{${code}}`);
  for (const node of walk(process.steps)) {
    if (node.type !== 'step') {
      for (const arm of node.arms) if (arm.when) arm.when = follow(arm.when);
      continue;
    }
    for (const list of [node.who, node.cc]) list.forEach((rule, i) => rule.startsWith('=') && (list[i] = follow(rule)));
    if (node.fields && old in node.fields) {
      node.fields = Object.fromEntries(Object.entries(node.fields).map(([k, v]) => [k === old ? code : k, v]));
    }
  }
}

export interface Term {
  name: string;
  op: string;
  value: string;
}
export interface Condition {
  join: 'and' | 'or';
  terms: Term[];
}
const WORD = '[A-Za-z_\\u4e00-\\u9fff][\\w\\u4e00-\\u9fff]*';
const TERM = new RegExp(`^\\s*(${WORD}(?:\\.${WORD})*)\\s*(>=|<=|!=|=|<|>)\\s*("[^"]*"|-?\\d+(?:\\.\\d+)?|true|false|date\\("\\d{4}-\\d\\d-\\d\\d"\\))\\s*$`);

/** A condition as rows of name, comparison and value; null when it says more than that. */
export function rowsOf(text: string): Condition | null {
  if (!text.trim()) return { join: 'and', terms: [] };
  // words in quotes do not part it
  const parts = text.split(/("[^"]*")/).map((part, i) => (i % 2 ? part : part.replace(/\s+and\s+/g, '\u0001').replace(/\s+or\s+/g, '\u0002'))).join('');
  if (parts.includes('\u0001') && parts.includes('\u0002')) return null;
  const found = parts.split(/[\u0001\u0002]/).map((part) => TERM.exec(part));
  if (found.some((one) => !one)) return null;
  return { join: parts.includes('\u0002') ? 'or' : 'and', terms: found.map((one) => ({ name: one![1]!, op: one![2]!, value: one![3]! })) };
}

export const textOf = (condition: Condition): string => condition.terms.map((term) => `${term.name} ${term.op} ${term.value}`).join(` ${condition.join} `);
