/** Who does a step: the rules of `shuzheng/base/flows/who.py` in words, and choosing them. */
import { el, icon } from '../lib/island.ts';
import { say } from './words.ts';

export interface Named {
  code: string;
  label: string;
}
export interface Offered {
  roles: Named[];
  lines: Named[];
  places: (Named & { takes?: 'line' | 'node' })[];
  /** Names of people and places by `person:<number>` and `node:<path>`. */
  names: Record<string, string>;
  lookupUrl: string;
}

const RULE = /^(starter|head|chosen|person|post|role)(?::([^@]+))?(?:@(.+))?$/;

/** A rule as people say it; an expression as it is written. */
export function wordsOf(rule: string, of: Offered): string {
  const found = RULE.exec(rule);
  if (!found) return rule;
  const [, kind = '', value = '', place = 'organ'] = found;
  if (kind === 'starter' || kind === 'head' || kind === 'chosen') return say(`w_${kind}`);
  if (kind === 'person') return of.names[rule] ?? say('number_', { n: value });
  const [word = '', more = ''] = [place.split(':')[0], place.slice(place.indexOf(':') + 1)];
  const spot = place.includes(':') ? of.places.find((p) => p.code === word && p.takes) : of.places.find((p) => p.code === place);
  const where = word === 'node' ? of.names[place] ?? more : place.includes(':') ? `${spot?.label ?? word}（${of.lines.find((l) => l.code === more)?.label ?? more}）` : spot?.label ?? place;
  return `${where} ${kind === 'role' ? of.roles.find((r) => r.code === value)?.label ?? value : value}`;
}

let counted = 0;

/** A box that finds one thing by typing (sz-choose). */
export function chooser(of: Offered, what: 'person' | 'post' | 'node', hint: string, then: (value: string, label: string) => void): HTMLElement {
  const id = `fd-choose-${(counted += 1)}`;
  const box = el(
    'sz-choose' as 'div', { 'data-url': `${of.lookupUrl}?what=${what}` }, el('input', { type: 'hidden' }),
    el('input', { class: 'form-control', type: 'search', role: 'combobox', 'aria-expanded': 'false', 'aria-autocomplete': 'list', 'aria-controls': id, 'aria-label': hint, autocomplete: 'off', placeholder: hint }),
    el('div', { class: 'sz-pop sz-suggest', id, role: 'listbox', 'aria-label': hint, hidden: '' }),
  );
  box.addEventListener('sz:choose', (event) => {
    const { value, label } = (event as CustomEvent<{ value: string; label: string }>).detail;
    then(value, label);
  });
  return box;
}

export function select(label: string, options: [string, string][], value: string, then: (value: string) => void, more: Record<string, string> = {}): HTMLSelectElement {
  const box = el('select', { class: 'form-select', 'aria-label': label, ...more }, ...options.map(([code, word]) => el('option', { value: code }, word)));
  box.value = value;
  box.addEventListener('change', () => then(box.value));
  return box;
}

/** The rules of a list as chips, and a picker that adds one. `then` is called after each change. */
export function people(rules: string[], of: Offered, add: string, then: () => void): HTMLElement {
  const chips = rules.map((rule, at) => {
    const drop = el('button', { type: 'button', class: 'fd-x', 'aria-label': `${say('remove')} ${wordsOf(rule, of)}` }, icon('x'));
    drop.addEventListener('click', () => {
      rules.splice(at, 1);
      then();
    });
    return el('span', { class: `fd-chip${rule.startsWith('=') ? ' code' : ''}` }, wordsOf(rule, of), drop);
  });
  const place = el('div', { class: 'fd-pick-who' });
  const open = el('button', { class: 'btn btn-sm', type: 'button' }, icon('plus'), add);
  open.addEventListener('click', () => {
    open.hidden = true;
    place.replaceChildren(picker(of, (rule) => {
      if (rule && !rules.includes(rule)) rules.push(rule);
      if (rule) then();
      else {
        place.replaceChildren();
        open.hidden = false;
        open.focus();
      }
    }));
    place.querySelector<HTMLElement>('button')?.focus();
  });
  return el('div', { class: 'fd-people' }, ...chips, open, place);
}

const WAYS = ['head', 'role', 'post', 'person', 'chosen', 'starter', 'expr'] as const;

function picker(of: Offered, done: (rule: string) => void): HTMLElement {
  const more = el('div', { class: 'fd-more' });
  const show = (way: (typeof WAYS)[number]) => {
    if (way === 'head' || way === 'chosen' || way === 'starter') return done(way);
    more.replaceChildren(...{ role: byRole, post: byPost, person: byPerson, expr: byExpr }[way](of, done));
    more.querySelector<HTMLElement>('input:not([type=hidden]), select')?.focus();
  };
  const ways = WAYS.map((way) => {
    const button = el('button', { class: 'btn btn-sm', type: 'button' }, say(`w_${way}`));
    button.addEventListener('click', () => {
      for (const other of ways) other.setAttribute('aria-pressed', String(other === button));
      show(way);
    });
    return button;
  });
  const cancel = el('button', { class: 'btn btn-quiet btn-sm', type: 'button' }, say('cancel'));
  cancel.addEventListener('click', () => done(''));
  return el('div', { class: 'fd-picker' }, el('div', { class: 'fd-ways-who' }, ...ways, cancel), more);
}

function put(done: () => void): HTMLElement {
  const button = el('button', { class: 'btn btn-primary btn-sm', type: 'button' }, say('putIn'));
  button.addEventListener('click', done);
  return button;
}

/** Which place: `organ`, `competent:assets`, `node:33/11/…`. */
function placing(of: Offered): { parts: HTMLElement; value: () => string } {
  let word = 'organ';
  let line = of.lines[0]?.code ?? '';
  let path = '';
  const key = (p: Offered['places'][number]) => (p.takes === 'line' ? `${p.code}:` : p.code);
  const more = el('span', {});
  const draw = () => {
    const takes = of.places.find((p) => key(p) === word)?.takes;
    const options = of.lines.map((l): [string, string] => [l.code, l.label]);
    more.replaceChildren(
      ...(takes === 'line' ? [select(say('w_line'), options, line, (v) => (line = v))] : []),
      ...(takes === 'node' ? [chooser(of, 'node', say('w_findNode'), (v, label) => { path = v; of.names[`node:${v}`] = label; })] : []),
    ); // prettier-ignore
  };
  const box = select(say('w_place'), of.places.map((p): [string, string] => [key(p), p.label]), word, (v) => {
    word = v;
    draw();
  });
  return { parts: el('span', { class: 'fd-place' }, box, more), value: () => (word.endsWith(':') ? word + line : word === 'node' ? (path ? `node:${path}` : '') : word) };
}

function byRole(of: Offered, done: (rule: string) => void): HTMLElement[] {
  const role = select(say('w_role'), of.roles.map((r): [string, string] => [r.code, r.label]), of.roles.find((r) => r.code === 'leader')?.code ?? of.roles[0]?.code ?? '', () => undefined);
  const place = placing(of);
  return [place.parts, role, put(() => place.value() && done(`role:${role.value}@${place.value()}`))];
}

function byPost(of: Offered, done: (rule: string) => void): HTMLElement[] {
  const place = placing(of);
  let name = '';
  const box = chooser(of, 'post', say('w_findPost'), (value) => (name = value));
  // a post that nobody holds yet may be named all the same
  const typed = () => name || box.querySelector<HTMLInputElement>('[role=combobox]')!.value.trim();
  return [place.parts, box, put(() => typed() && place.value() && done(`post:${typed().replace(/@/g, '')}@${place.value()}`))];
}

function byPerson(of: Offered, done: (rule: string) => void): HTMLElement[] {
  return [
    chooser(of, 'person', say('w_findPerson'), (value, label) => {
      of.names[`person:${value}`] = label;
      done(`person:${value}`);
    }),
  ];
}

function byExpr(_of: Offered, done: (rule: string) => void): HTMLElement[] {
  const box = el('input', { class: 'form-control code', 'aria-label': say('w_expr'), placeholder: 'if amount > 5000 then "role:leader@upper" else "head"' });
  return [box, put(() => box.value.trim() && done(`=${box.value.trim().replace(/^=/, '')}`)), el('p', { class: 'sz-hint' }, say('w_exprHint'))];
}
