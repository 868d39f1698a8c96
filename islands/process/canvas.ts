/** The steps down a page: trunk, ways of branches set in, a place to add between any two. Elements carry what they do in `data-do`. */
import { el, icon } from '../lib/island.ts';
import { conditionWords } from './conditions.ts';
import type { Gate, Kind, Node, Process, Step } from './model.ts';
import type { Picked } from './panel.ts';
import { type Offered, wordsOf } from './rules.ts';
import { say, type Word } from './words.ts';

export interface Seen {
  process: Process;
  of: Offered;
  picked: Picked;
  /** What is wrong or doubtful there. */
  said(id: string, arm?: number): { text: string; fault: boolean }[];
  /** The place whose palette is open: path of the list and place in it. */
  open: string;
}

export const ADDABLE = ['approve', 'handle', 'read', 'copy', 'branch', 'together'] as const;
const ICONS: Record<Kind | 'branch' | 'together', string> = {
  approve: 'rubber-stamp', handle: 'checklist', read: 'eye', copy: 'send', branch: 'arrows-split', together: 'arrow-ramp-right',
}; // prettier-ignore

const tool = (name: string, action: string, label: string) => el('button', { class: 'fd-tool', type: 'button', 'data-do': action, 'aria-label': label, title: label }, icon(name));

export function drawSteps(seen: Seen): HTMLElement {
  const { process } = seen;
  const chosen = seen.picked.kind === 'process';
  const start = el(
    'button', { class: `fd-end fd-pick${chosen ? ' is-picked' : ''}`, type: 'button', 'data-pick': JSON.stringify({ kind: 'process' }), ...(chosen ? { 'aria-current': 'true' } : {}) },
    icon('send'), el('b', {}, say('start')), el('span', { class: 't-13 t-2' }, say('fieldCount', { n: process.fields.length })),
  );
  return el('div', { class: 'fd-flow' }, start, ...notes(seen.said('')), chain(seen, process.steps, ''), el('div', { class: 'fd-end' }, icon('flag'), el('b', {}, say('end'))), el('p', { class: 'sz-hint fd-keys' }, say('hint')));
}

/** `path` names a list: empty for the trunk, `branch1/0` for the first way of a branch. */
function chain(seen: Seen, nodes: Node[], path: string): HTMLElement {
  const list = el('ol', { class: 'fd-chain' }, el('li', { class: 'fd-slot' }, ...slot(seen, path, 0)));
  if (!nodes.length && path) list.append(el('li', { class: 'fd-none t-13 t-3' }, say('empty')));
  nodes.forEach((node, at) => {
    list.append(el('li', { class: 'fd-node' }, node.type === 'step' ? step(seen, node) : gate(seen, node)), el('li', { class: 'fd-slot' }, ...slot(seen, path, at + 1)));
  });
  return list;
}

function slot(seen: Seen, path: string, at: number): HTMLElement[] {
  const key = `${path}|${at}`;
  if (seen.open === key) {
    const ways = ADDABLE.map((kind) =>
      el('button', { class: 'fd-add', type: 'button', 'data-do': `add|${key}|${kind}` }, icon(ICONS[kind]), el('span', {}, el('b', {}, say(kind)), el('small', {}, say(`${kind}Why` as Word)))),
    );
    return [el('div', { class: 'fd-palette', role: 'group', 'aria-label': say('add') }, ...ways, tool('x', 'shut', say('cancel')))];
  }
  return [el('button', { class: 'fd-plus', type: 'button', 'data-do': `open|${key}`, 'data-slot': key, 'aria-label': say('addHere'), title: say('addHere') }, icon('plus'))];
}

/** Findings as lines. */
export function notes(said: { text: string; fault: boolean }[]): HTMLElement[] {
  return said.map(({ text, fault }) => el('p', { class: `fd-note ${fault ? 'over' : 'warn'}` }, icon(fault ? 'circle-x' : 'alert-triangle'), el('span', {}, text)));
}

function pickable(seen: Seen, picked: Picked, css: string, ...inside: (globalThis.Node | string)[]): HTMLElement {
  const chosen = JSON.stringify(picked) === JSON.stringify(seen.picked);
  return el('button', { class: `fd-pick ${css}${chosen ? ' is-picked' : ''}`, type: 'button', 'data-pick': JSON.stringify(picked), ...(chosen ? { 'aria-current': 'true' } : {}) }, ...inside);
}

function step(seen: Seen, node: Step): HTMLElement {
  const kind = node.kind ?? 'approve';
  const decides = kind === 'approve' || kind === 'handle';
  const who = node.who.map((rule) => wordsOf(rule, seen.of)).join('、');
  const facts = [
    decides && (node.mode ?? 'single') !== 'single' ? `${say(node.mode as Word)}${node.mode === 'share' ? ` ${Math.round(Number(node.share ?? '0.5') * 100)}%` : ''}` : '',
    node.due ? say('limit', { n: `${parseInt(node.due, 10)} ${say(node.due.slice(-1) as Word)}` }) : '',
    decides && node.refuse && node.refuse !== 'end' ? `${say('refuse')}${say(`refuse_${node.refuse}` as Word)}` : '',
    node.cc.length ? `${say('copy')} ${node.cc.map((rule) => wordsOf(rule, seen.of)).join('、')}` : '',
  ].filter(Boolean);
  const body = pickable(
    seen, { kind: 'node', id: node.id }, 'fd-step', el('span', { class: `fd-ic ${kind}` }, icon(ICONS[kind])),
    el('span', { class: 'fd-say' }, el('b', {}, node.name || '—'), el('span', { class: `fd-who${who ? '' : ' none'}` }, who || say('nobody')), ...(facts.length ? [el('span', { class: 'fd-facts' }, facts.join(' · '))] : [])),
    el('span', { class: 'sz-tag line' }, say(kind)),
  ); // prettier-ignore
  return el('div', { class: `fd-box${seen.said(node.id).some((s) => s.fault) ? ' is-fault' : ''}`, draggable: 'true', 'data-node': node.id }, body, tools(node.id), ...notes(seen.said(node.id)));
}

function tools(id: string): HTMLElement {
  return el('span', { class: 'fd-tools' }, tool('arrow-up', `shift|${id}|-1`, say('up')), tool('arrow-down', `shift|${id}|1`, say('down')), tool('copy', `twin|${id}`, say('twin')), tool('trash', `drop|${id}`, say('remove')));
}

function gate(seen: Seen, node: Gate): HTMLElement {
  const head = el('div', { class: 'fd-box fd-gate', draggable: 'true', 'data-node': node.id }, pickable(seen, { kind: 'node', id: node.id }, 'fd-step', el('span', { class: 'fd-ic gate' }, icon(ICONS[node.type])), el('span', { class: 'fd-say' }, el('b', {}, node.name || say(node.type)), el('span', { class: 'fd-who' }, say(`${node.type}Why` as Word)))), tools(node.id), ...notes(seen.said(node.id)));
  const arms = node.arms.map((arm, at) => {
    const when = node.type === 'branch' ? (arm.when ? conditionWords(seen.process, arm.when) : say('otherwise')) : '';
    const title = pickable(seen, { kind: 'arm', id: node.id, arm: at }, 'fd-armhead', el('b', {}, arm.name || say('arm', { n: at + 1 })), ...(when && when !== arm.name ? [el('span', { class: 't-13 t-2' }, when)] : []));
    const moves = el('span', { class: 'fd-tools' }, ...(at ? [tool('arrow-up', `arm-up|${node.id}|${at}`, say('up'))] : []), ...(node.arms.length > 2 ? [tool('trash', `arm-drop|${node.id}|${at}`, say('remove'))] : []));
    return el('section', { class: 'fd-arm', 'aria-label': arm.name || say('arm', { n: at + 1 }) }, el('div', { class: 'fd-armbar' }, title, moves), ...notes(seen.said(node.id, at)), chain(seen, arm.steps, `${node.id}/${at}`));
  });
  return el('div', { class: 'fd-split' }, head, ...arms, el('button', { class: 'btn btn-quiet btn-sm fd-addarm', type: 'button', 'data-do': `arm-add|${node.id}` }, icon('plus'), say('addArm')));
}

/** The form as a list of fields. */
export function drawForm(seen: Seen): HTMLElement {
  const rows = seen.process.fields.map((item, at) => {
    const facts = [say((item.kind ?? 'text') as Word), item.required ? say('required') : '', item.unit ?? '', (item.options ?? []).join('、')].filter(Boolean).join(' · ');
    const body = pickable(seen, { kind: 'field', code: item.code }, 'fd-step', el('span', { class: 'fd-say' }, el('b', {}, item.label || item.code), el('span', { class: 'fd-who' }, facts)), el('span', { class: 'code t-12 t-3' }, item.code));
    const tools = el('span', { class: 'fd-tools' }, tool('arrow-up', `field|${at}|-1`, say('up')), tool('arrow-down', `field|${at}|1`, say('down')), tool('trash', `field-drop|${at}`, say('remove')));
    return el('li', { class: 'fd-box', draggable: 'true', 'data-field': String(at) }, body, tools, ...notes(seen.said(item.code)));
  });
  return el('div', { class: 'fd-flow' }, el('ol', { class: 'fd-fields' }, ...rows), ...(rows.length ? [] : [el('p', { class: 't-2' }, say('noFields'))]), el('button', { class: 'btn', type: 'button', 'data-do': 'field-add' }, icon('plus'), say('addField')));
}
