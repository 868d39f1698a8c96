/** The panel beside the steps: what is picked, in words, each setting one press. Both designers draw it. */
import { el, icon } from '../lib/island.ts';
import { conditionEditor } from './conditions.ts';
import { type Arm, type Field, find, type Gate, type Mode, type Process, recode, type Step } from './model.ts';
import { type Offered, people, select } from './rules.ts';
import { say, type Word } from './words.ts';

export type Picked = { kind: 'process' } | { kind: 'field'; code: string } | { kind: 'node'; id: string } | { kind: 'arm'; id: string; arm: number };

export interface Host {
  process: Process;
  of: Offered;
  /** A change was made: kept, drawn, sent. Changes under the same key in a row are undone as one. */
  changed(key?: string): void;
  /** Draws the panel anew, the focus staying on what has the same `data-key`. */
  redraw(): void;
  pick(picked: Picked): void;
  /** A field got another code: what speaks of it outside of `process` follows. */
  recoded?(old: string, code: string): void;
}
type Mutable = Record<string, unknown>;

export function field(label: string, control: HTMLElement, hint = ''): HTMLElement {
  const line = el('label', { class: 'fd-field' }, el('span', { class: 'sz-label' }, label), control);
  if (hint) line.append(el('span', { class: 'sz-hint' }, hint));
  return line;
}

function block(label: string, ...inside: HTMLElement[]): HTMLElement {
  return el('fieldset', { class: 'fd-field' }, el('legend', { class: 'sz-label' }, label), ...inside);
}

export function text(host: Host, on: object, key: string, area = false, then?: (value: string) => void): HTMLInputElement | HTMLTextAreaElement {
  const box = area ? el('textarea', { class: 'form-control', rows: '3', 'data-key': key }) : el('input', { class: 'form-control', 'data-key': key, autocomplete: 'off' });
  box.value = String((on as Mutable)[key] ?? '');
  box.addEventListener('input', () => {
    (on as Mutable)[key] = box.value;
    then?.(box.value);
    host.changed(key);
  });
  return box;
}

function choice(host: Host, on: object, key: string, label: Word, options: [string, Word][], usual: string, reshape = false): HTMLElement {
  const words = options.map(([code, word]): [string, string] => [code, say(word)]);
  const box = select(say(label), words, String((on as Mutable)[key] || usual), (value) => {
    (on as Mutable)[key] = value;
    host.changed();
    if (reshape) host.redraw();
  }, { 'data-key': key }); // prettier-ignore
  return field(say(label), box);
}

function tick(host: Host, on: object, key: string, label: Word): HTMLElement {
  const box = el('input', { class: 'sz-check', type: 'checkbox', 'data-key': key });
  box.checked = Boolean((on as Mutable)[key]);
  box.addEventListener('change', () => {
    (on as Mutable)[key] = box.checked;
    host.changed();
  });
  return el('label', { class: 'row-flex sz-check-line fd-field' }, box, el('span', {}, say(label)));
}

/** One of several, all to be seen, each with what it means. */
function cards(label: Word, name: string, options: { code: string; word: Word; why: Word }[], value: string, then: (value: string) => void): HTMLElement {
  const made = options.map(({ code, word, why }) => {
    const box = el('input', { type: 'radio', name, value: code, class: 'visually-hidden', 'data-key': `${name}-${code}` });
    box.checked = code === value;
    box.addEventListener('change', () => then(code));
    return el('label', { class: 'fd-card' }, box, el('span', {}, el('b', {}, say(word)), el('small', {}, say(why))));
  });
  return block(say(label), el('div', { class: 'fd-cards' }, ...made));
}

const MODES: Mode[] = ['single', 'any', 'all', 'share', 'veto', 'sequence', 'claim'];
const DECIDES = new Set(['approve', 'handle']);

export function stepPanel(host: Host, step: Step): HTMLElement[] {
  const kind = step.kind ?? 'approve';
  const mode = step.mode ?? 'single';
  const again = () => {
    host.changed();
    host.redraw();
  };
  const kinds = (['approve', 'handle', 'read', 'copy'] as const).map((code) => ({ code, word: code, why: `${code}Why` as Word }));
  const parts = [
    field(say('name'), text(host, step, 'name')),
    cards('kind', 'kind', kinds, kind, (code) => {
      step.kind = code as Step['kind'];
      again();
    }),
    block(say('who'), people(step.who, host.of, say('addWho'), again)),
  ];
  if (DECIDES.has(kind)) {
    const modes = MODES.map((code) => ({ code, word: code as Word, why: `${code}Why` as Word }));
    parts.push(cards('mode', 'mode', modes, mode, (code) => {
      step.mode = code as Mode;
      again();
    })); // prettier-ignore
    if (mode === 'share') parts.push(field(say('shareOf'), percent(host, step)));
    parts.push(
      choice(host, step, 'refuse', 'refuse', [['end', 'refuse_end'], ['start', 'refuse_start'], ['previous', 'refuse_previous'], ['go', 'refuse_go']], 'end'),
      choice(host, step, 'back', 'back', [['any', 'back_any'], ['start', 'back_start'], ['previous', 'back_previous'], ['none', 'back_none']], 'any'),
      tick(host, step, 'skip', 'skip'),
    ); // prettier-ignore
  }
  parts.push(choice(host, step, 'empty', 'emptyRule', [['admin', 'empty_admin'], ['skip', 'empty_skip'], ['refuse', 'empty_refuse']], 'admin'));
  parts.push(limits(host, step), rights(host, step), block(say('cc'), people(step.cc, host.of, say('addCc'), again)));
  parts.push(standard(step.hold, choice(host, step, 'hold', 'holdStep', [['', 'hold_usual'], ...HOLDS], '')), field(say('nameEn'), text(host, step, 'name_en')));
  return parts;
}

function percent(host: Host, step: Step): HTMLElement {
  const box = el('input', { class: 'form-control num', type: 'number', min: '1', max: '100', 'data-key': 'share' });
  box.value = String(Math.round(Number(step.share ?? '0.5') * 100));
  box.addEventListener('input', () => {
    const share = Number(box.value);
    box.classList.toggle('is-invalid', !(share >= 1 && share <= 100));
    if (share < 1 || share > 100) return;
    step.share = String(share / 100);
    host.changed('share');
  });
  return el('span', { class: 'fd-row' }, box, '%');
}

function span(host: Host, step: Step, key: 'due' | 'every', label: Word): HTMLElement {
  const [, n = '', unit = 'd'] = /^(\d+)([dhm])$/.exec(step[key] ?? '') ?? [];
  const count = el('input', { class: 'form-control num', type: 'number', min: '1', max: '999', 'data-key': key, placeholder: say('noLimit'), 'aria-label': say(label) });
  count.value = n;
  const took = () => {
    const whole = Math.floor(Number(count.value));
    step[key] = whole >= 1 && whole <= 999 ? `${whole}${units.value}` : '';
    host.changed(key);
  };
  const units = select(say(label), (['d', 'h', 'm'] as const).map((u): [string, string] => [u, say(u)]), unit, took);
  count.addEventListener('input', took);
  return el('div', { class: 'fd-field' }, el('span', { class: 'sz-label' }, say(label)), el('span', { class: 'fd-row' }, count, units));
}

function limits(host: Host, step: Step): HTMLElement {
  const overdue = choice(host, step, 'overdue', 'overdue', [['remind', 'overdue_remind'], ['escalate', 'overdue_escalate'], ['pass', 'overdue_pass'], ['return', 'overdue_return']], 'remind');
  return fold('limits', Boolean(step.due || step.every), span(host, step, 'due', 'due'), overdue, span(host, step, 'every', 'every'));
}

function fold(label: Word, open: boolean, ...inside: HTMLElement[]): HTMLElement {
  const made = el('details', { class: 'fd-fold' }, el('summary', { 'data-key': label }, say(label)), ...inside);
  made.open = open;
  return made;
}

const HOLDS: [string, Word][] = [['kept', 'hold_kept'], ['fixed', 'hold_fixed'], ['free', 'hold_free']];

/** What those who adopt the process as a standard may change. */
function standard(said: string | undefined, ...inside: HTMLElement[]): HTMLElement {
  return fold('standard', Boolean(said), ...inside);
}

const RIGHTS: [string, Word][] = [['read', 'right_read'], ['edit', 'right_edit'], ['required', 'right_required'], ['hidden', 'right_hidden']];

function rights(host: Host, step: Step): HTMLElement {
  const rows = host.process.fields.map((item) => {
    const box = select(`${say('rights')} ${item.label}`, RIGHTS.map(([code, word]): [string, string] => [code, say(word)]), step.fields?.[item.code] ?? 'read', (right) => {
      const { [item.code]: _old, ...others } = step.fields ?? {};
      step.fields = right === 'read' ? others : { ...others, [item.code]: right };
      host.changed();
    }); // prettier-ignore
    return el('div', { class: 'fd-right' }, el('span', {}, item.label), box);
  });
  return fold('rights', Object.keys(step.fields ?? {}).length > 0, ...(rows.length ? rows : [el('p', { class: 'sz-hint' }, say('noFields'))]));
}

export function armPanel(host: Host, gate: Gate, at: number): HTMLElement[] {
  const arm = gate.arms[at] as Arm;
  const parts = [field(say('armName'), text(host, arm, 'name'))];
  if (gate.type === 'branch') {
    const editor = conditionEditor(host.process, arm.when ?? '', (when) => {
      arm.when = when;
      host.changed('when');
    });
    parts.push(block(say('condition'), editor));
  }
  return parts;
}

const FIELD_KINDS = ['text', 'long', 'number', 'money', 'date', 'choice', 'choices', 'boolean'] as const;
export const CODE = /^[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff]*$/;

export function fieldPanel(host: Host, item: Field): HTMLElement[] {
  const kind = item.kind ?? 'text';
  const parts = [
    field(say('label'), text(host, item, 'label')),
    choice(host, item, 'kind', 'fieldKind', FIELD_KINDS.map((code): [string, Word] => [code, code]), 'text', true),
    tick(host, item, 'required', 'required'),
  ];
  if (kind === 'number' || kind === 'money') parts.push(field(say('unit'), text(host, item, 'unit')));
  if (kind === 'choice' || kind === 'choices') parts.push(field(say('options'), options(host, item)));
  return [
    ...parts,
    field(say('help'), text(host, item, 'help')),
    choice(host, item, 'start', 'startRight', RIGHTS, 'edit'),
    field(say('code'), coded(host, item), say('codeHint')),
    field(say('labelEn'), text(host, item, 'label_en')),
  ];
}

function options(host: Host, item: Field): HTMLElement {
  const box = el('textarea', { class: 'form-control', rows: '4', 'data-key': 'options' });
  box.value = (item.options ?? []).join('\n');
  box.addEventListener('input', () => {
    item.options = [...new Set(box.value.split('\n').map((line) => line.replace(/\|/g, '／').trim()).filter(Boolean))];
    host.changed('options');
  });
  return box;
}

function coded(host: Host, item: Field): HTMLElement {
  const box = el('input', { class: 'form-control code', 'data-key': 'code', value: item.code, autocomplete: 'off' });
  const wrong = el('span', { class: 'fd-fault', role: 'alert' });
  box.addEventListener('change', () => {
    const code = box.value.trim();
    const good = CODE.test(code) && !host.process.fields.some((f) => f !== item && f.code === code);
    box.classList.toggle('is-invalid', !good);
    wrong.textContent = good ? '' : say('codeWrong');
    if (!good || code === item.code) return;
    const old = item.code;
    recode(host.process, item, code);
    host.recoded?.(old, code);
    host.pick({ kind: 'field', code });
    host.changed();
  });
  return el('span', {}, box, wrong);
}

export function processPanel(host: Host): HTMLElement[] {
  const { process } = host;
  const title = text(host, process, 'title');
  const inserts = process.fields.map((item) => {
    const button = el('button', { class: 'btn btn-sm', type: 'button' }, icon('plus'), item.label);
    button.addEventListener('click', () => {
      title.value += `{${item.code}}`;
      title.dispatchEvent(new Event('input'));
      title.focus();
    });
    return button;
  });
  const heading = document.querySelector('[data-process-name]');
  return [
    field(say('name'), text(host, process, 'name', false, (value) => heading && (heading.textContent = value))),
    field(say('title'), title),
    el('div', { class: 'fd-inserts' }, el('span', { class: 'sz-hint' }, say('titleHint')), ...inserts),
    choice(host, process, 'withdraw', 'withdraw', [['undecided', 'undecided'], ['first', 'first'], ['never', 'never']], 'undecided'),
    field(say('group'), text(host, process, 'group')),
    field(say('about'), text(host, process, 'about', true)),
    field(say('basis'), text(host, process, 'basis', true)),
    field(say('nameEn'), text(host, process, 'name_en')),
    standard(
      [process.hold, process.adding].some((v) => v && v !== 'kept' && v !== 'free') ? 'said' : '',
      choice(host, process, 'hold', 'holdAll', HOLDS, 'kept'), choice(host, process, 'adding', 'adding', [['free', 'adding_free'], ['none', 'adding_none']], 'free'),
    ),
    field(say('code'), el('input', { class: 'form-control code', value: process.code, readonly: '', tabindex: '0' }), say('codeFixed')),
  ];
}

/** The panel for what is picked: its title and its parts. */
export function panelOf(host: Host, picked: Picked): { title: string; parts: HTMLElement[] } {
  const { process } = host;
  if (picked.kind === 'field') {
    const item = process.fields.find((f) => f.code === picked.code);
    if (item) return { title: item.label, parts: fieldPanel(host, item) };
  } else if (picked.kind !== 'process') {
    const node = find(process, picked.id);
    if (node?.type === 'step') return { title: node.name, parts: stepPanel(host, node) };
    if (node && picked.kind === 'arm' && node.arms[picked.arm]) return { title: node.arms[picked.arm]!.name || say('arm', { n: picked.arm + 1 }), parts: armPanel(host, node, picked.arm) };
    if (node) return { title: node.name || say(node.type), parts: [field(say('name'), text(host, node, 'name'))] };
  }
  return { title: say('settings'), parts: processPanel(host) };
}
