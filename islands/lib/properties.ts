/** The panel beside the builder: the properties of what is picked, with its faults, and the finder of data elements. */
import { cellsOf, codesOf, columnsOf, type Item, kindOf, type Section, type Spec } from './formspec.ts';
import { el } from './island.ts';
import { t } from './words.ts';

export type Picked =
  | { kind: 'form' }
  | { kind: 'section'; section: number }
  | { kind: 'row' | 'column' | 'field'; section: number; item: number }
  | { kind: 'cell'; section: number; code: string }
  | { kind: 'computed' | 'check'; item: number };

interface Builder {
  spec: Spec;
  picked: Picked;
  changed(redraw?: boolean): void;
  said(...codes: string[]): string[];
  faultTexts: HTMLElement[];
}
interface Sources {
  elementsUrl: string;
  facts: { code: string; label: string }[];
}
interface Prop {
  key: string;
  label: string;
  kind?: 'text' | 'number' | 'area' | 'check' | 'choice' | 'expr' | 'options';
  choices?: [string, string][];
}

const TYPES = (): [string, string][] => [
  ['number', t('fbNumber')], ['integer', t('fbInteger')], ['text', t('fbWords')], ['date', t('fbDate')], ['choice', t('fbChoice')], ['boolean', t('fbYesNo')],
];
const COLUMN_KINDS = (): [string, string][] => [['value', t('fbTyped')], ['month', t('fbMonth')], ['total', t('fbTotal')], ['formula', t('fbFormula')]];
const PERIODS = (): [string, string][] => [
  ['month', t('fbMonthly')], ['quarter', t('fbQuarterly')], ['half', t('fbHalf')], ['year', t('fbYearly')], ['heating', t('fbHeating')], ['once', t('fbOnce')],
];

/** Draws the panel for what is picked. */
export function drawProperties(side: HTMLElement, builder: Builder, sources: Sources): void {
  const found = target(builder);
  const fields = found.props.map((prop) => field(builder, found.on, prop));
  const said = found.codes.length ? builder.said(...found.codes) : [];
  side.replaceChildren(
    el('h2', { class: 't-14' }, found.title),
    ...said.map((text) => el('p', { class: 'fb-fault', role: 'alert' }, text)),
    ...(found.bindable ? [finder(builder, found.on, sources)] : []),
    ...fields,
    el('div', { 'data-said': '', 'aria-live': 'polite' }, ...(builder.picked.kind === 'form' ? builder.faultTexts : [])),
    ...(found.hint ? [el('p', { class: 't-12 t-3 mt-2x' }, found.hint)] : []),
  );
}

interface Found {
  title: string;
  on: Record<string, unknown>;
  props: Prop[];
  codes: string[];
  bindable?: boolean;
  hint?: string;
}

function target(builder: Builder): Found {
  const { spec, picked } = builder;
  if (picked.kind === 'form') {
    const props: Prop[] = [
      { key: 'name', label: t('fbName') }, { key: 'name_en', label: t('fbNameEn') }, { key: 'period', label: t('fbPeriod'), kind: 'choice', choices: PERIODS() }, { key: 'basis', label: t('fbBasis'), kind: 'area' },
    ];
    return { title: t('fbForm'), on: spec, props, codes: ['', 'name', 'period', 'sections'] };
  }
  if (!('section' in picked)) {
    const item = ((spec[picked.kind === 'check' ? 'checks' : 'computed'] ?? []) as Item[])[picked.item] ?? { code: '' };
    return picked.kind === 'check' ? checkOf(spec, item) : computedOf(item);
  }
  const section = spec.sections[picked.section] ?? ({ code: '', kind: 'note' } as Section);
  if (picked.kind === 'section') return sectionOf(section);
  if (picked.kind === 'cell') {
    const cells = (section.cells ??= {});
    return cellOf(spec, picked.code, (cells[picked.code] ??= {}));
  }
  const list = { row: section.rows, column: columnsOf(spec, section), field: section.fields }[picked.kind] ?? [];
  const item = list[picked.item] ?? { code: '' };
  if (picked.kind === 'row') return rowOf(item);
  if (picked.kind === 'column' && kindOf(section) === 'table') return columnOf(section, item);
  return fieldOf(section, item, picked.kind === 'column');
}

const named = (): Prop[] => [{ key: 'name', label: t('fbName') }, { key: 'name_en', label: t('fbNameEn') }];
const logic = (): Prop[] => [{ key: 'show', label: t('fbShow'), kind: 'expr' }, { key: 'require', label: t('fbRequire'), kind: 'expr' }];

function sectionOf(section: Section): Found {
  const props: Prop[] = [...named(), { key: 'code', label: t('fbCode') }, { key: 'show', label: t('fbShow'), kind: 'expr' }];
  if (kindOf(section) === 'rows') props.push({ key: 'most', label: t('fbMost'), kind: 'number' });
  if (kindOf(section) === 'note') props.push({ key: 'text', label: t('fbText'), kind: 'area' }, { key: 'text_en', label: t('fbTextEn'), kind: 'area' });
  return { title: section.name ?? '', on: section, props, codes: [`section:${section.code}`, `show:${section.code}`], hint: t('fbShowHint') };
}

function rowOf(item: Item): Found {
  const props: Prop[] = [
    ...named(), { key: 'code', label: t('fbCode') }, { key: 'number', label: t('fbNumberOf') }, { key: 'unit', label: t('fbUnit') }, { key: 'places', label: t('fbPlaces'), kind: 'number' },
    { key: 'of', label: t('fbOf') }, { key: 'expr', label: t('fbRowExpr'), kind: 'expr' }, { key: 'show', label: t('fbShow'), kind: 'expr' },
  ];
  return { title: `${t('fbRow')} ${item.name ?? ''}`, on: item, props, codes: [`row:${item.code}`, `show:${item.code}`], bindable: true, hint: t('fbRowHint') };
}

function columnOf(section: Section, item: Item): Found {
  const props: Prop[] = [...named(), { key: 'code', label: t('fbCode') }, { key: 'kind', label: t('fbKind'), kind: 'choice', choices: COLUMN_KINDS() }];
  if (item['kind'] === 'month') props.push({ key: 'offset', label: t('fbOffset'), kind: 'number' });
  if (item['kind'] === 'formula') props.push({ key: 'expr', label: t('fbExpr'), kind: 'expr' });
  if ((item['kind'] ?? 'value') === 'value') props.push({ key: 'type', label: t('fbType'), kind: 'choice', choices: TYPES().filter(([code]) => code !== 'choice') });
  props.push({ key: 'unit', label: t('fbUnit') }, { key: 'places', label: t('fbPlaces'), kind: 'number' }, { key: 'group', label: t('fbGroup') });
  return { title: `${t('fbColumn')} ${item.name ?? ''}`, on: item, props, codes: [`column:${section.code}.${item.code}`], hint: t('fbColumnHint') };
}

/** A field, or a column of a repeating row. */
function fieldOf(section: Section, item: Item, isColumn: boolean): Found {
  const place = isColumn ? `${section.code}.${item.code}` : item.code;
  const codes = [item.code, place, `column:${place}`, `show:${place}`, `require.${place}`, `range.${place}`];
  return { title: String(item.name ?? ''), on: item, props: typedProps(item, true), codes, bindable: true, hint: isColumn ? t('fbLineHint') : t('fbShowHint') };
}

function typedProps(item: Record<string, unknown>, whole: boolean): Prop[] {
  const type = String(item['type'] ?? 'number');
  const props: Prop[] = whole ? [...named(), { key: 'code', label: t('fbCode') }] : [];
  props.push({ key: 'type', label: t('fbType'), kind: 'choice', choices: TYPES() });
  if (type === 'number' || type === 'integer') {
    props.push({ key: 'unit', label: t('fbUnit') });
    if (type === 'number') props.push({ key: 'places', label: t('fbPlaces'), kind: 'number' });
    props.push({ key: 'least', label: t('fbLeast') }, { key: 'most', label: t('fbHighest') }, { key: 'expr', label: t('fbExpr'), kind: 'expr' });
  }
  if (type === 'choice') props.push({ key: 'options', label: t('fbOptions'), kind: 'options' });
  if (type === 'text') props.push({ key: 'length', label: t('fbLength'), kind: 'number' });
  return [...props, ...logic(), ...(whole ? [{ key: 'help', label: t('fbHelp') }] : [])];
}

function cellOf(spec: Spec, code: string, on: Record<string, unknown>): Found {
  const name = cellsOf(spec).find((cell) => cell.code === code)?.name ?? code;
  const props: Prop[] = [{ key: 'none', label: t('fbNone'), kind: 'check' }, ...(on['none'] ? [] : typedProps(on, false))];
  return { title: `${name} (${code})`, on, props, codes: [code, `show:${code}`, `require.${code}`], bindable: !on['none'], hint: t('fbExprHint') };
}

function computedOf(item: Item): Found {
  const props: Prop[] = [
    ...named(), { key: 'code', label: t('fbCode') }, { key: 'expr', label: t('fbExpr'), kind: 'expr' }, { key: 'unit', label: t('fbUnit') }, { key: 'places', label: t('fbPlaces'), kind: 'number' },
    { key: 'additive', label: t('fbAdditive'), kind: 'check' },
  ];
  return { title: String(item.name ?? ''), on: item, props, codes: [item.code], hint: t('fbExprHint') };
}

function checkOf(spec: Spec, item: Item): Found {
  const cells = cellsOf(spec).map(({ code, name }): [string, string] => [code, `${name} (${code})`]);
  const lines = spec.sections.filter((s) => kindOf(s) === 'rows');
  const line = lines.find((s) => s.code === item['line']);
  const columns = (line?.columns ?? []).map((c): [string, string] => [c.code, String(c.name ?? c.code)]);
  const props: Prop[] = [
    { key: 'code', label: t('fbCode') },
    { key: 'level', label: t('fbLevel'), kind: 'choice', choices: [['error', t('fbError')], ['warning', t('fbWarning')]] },
    ...(lines.length ? [{ key: 'line', label: t('fbEachRow'), kind: 'choice' as const, choices: [['', '—'] as [string, string], ...lines.map((s): [string, string] => [s.code, s.name ?? s.code])] }] : []),
    { key: 'cell', label: t('fbAt'), kind: 'choice', choices: [['', '—'], ...(line ? columns : cells)] },
    { key: 'expr', label: t('fbHolds'), kind: 'expr' }, { key: 'message', label: t('fbMessage'), kind: 'area' }, { key: 'message_en', label: t('fbMessageEn'), kind: 'area' },
  ];
  return { title: t('fbCheck'), on: item, props, codes: [item.code, `check:${item.code}`], hint: line ? t('fbLineHint') : t('fbExprHint') };
}

// Fields of the panel

function field(builder: Builder, on: Record<string, unknown>, prop: Prop): HTMLElement {
  const value = on[prop.key];
  const kind = prop.kind ?? 'text';
  const base = { 'data-prop': prop.key };
  let made: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
  if (kind === 'check') {
    made = el('input', { ...base, class: 'sz-check', type: 'checkbox' });
    made.checked = Boolean(value);
  } else if (kind === 'choice') {
    made = el('select', { ...base, class: 'form-select form-select-sm' }, ...(prop.choices ?? []).map(([code, words]) => el('option', { value: code }, words)));
    made.value = String(value ?? prop.choices?.[0]?.[0] ?? '');
  } else if (kind === 'area' || kind === 'expr' || kind === 'options') {
    made = el('textarea', { ...base, class: 'form-control', rows: kind === 'options' ? '5' : '2', spellcheck: 'false' });
    made.value = kind === 'options' ? ((value as Item[] | undefined) ?? []).map((o) => `${o.code} ${o.name ?? ''}`).join('\n') : String(value ?? '');
  } else {
    made = el('input', { ...base, class: 'form-control form-control-sm', type: kind === 'number' ? 'number' : 'text', autocomplete: 'off' });
    made.value = String(value ?? '');
  }
  made.addEventListener('change', () => {
    take(builder.spec, on, prop, made);
    builder.changed();
  });
  return el('label', {}, el('span', {}, prop.label), made);
}

function take(spec: Spec, on: Record<string, unknown>, prop: Prop, made: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): void {
  const text = made.value.trim();
  if (prop.kind === 'check') on[prop.key] = (made as HTMLInputElement).checked;
  else if (prop.kind === 'number') on[prop.key] = text === '' ? null : Number(text);
  else if (prop.kind === 'options') {
    on[prop.key] = text.split('\n').filter((line) => line.trim()).map((line) => {
      const [code = '', ...name] = line.trim().split(/\s+/);
      return name.length ? { code, name: name.join(' ') } : { code, name: code };
    });
  } else if (prop.key === 'code') recode(spec, on, text);
  else if (text === '' && !['name', 'unit'].includes(prop.key)) delete on[prop.key];
  else on[prop.key] = text;
  if (prop.kind === 'number' && on[prop.key] === null) delete on[prop.key];
}

/** A code is changed wherever it is spoken of: in formulas, checks and cells of the same form. */
function recode(spec: Spec, on: Record<string, unknown>, code: string): void {
  const old = String(on['code'] ?? '');
  if (!code || code === old) return;
  const unique = codesOf(spec).has(old);
  on['code'] = code;
  if (!old || !unique) return;
  const word = new RegExp(`(?<![A-Za-z0-9_])((?:prev_|ly_)?)${old}(?=_|\\.|(?![A-Za-z0-9_]))`, 'g');
  const visit = (item: unknown): void => {
    if (Array.isArray(item)) item.forEach(visit);
    else if (item && typeof item === 'object') {
      const record = item as Record<string, unknown>;
      for (const key of ['expr', 'show', 'require', 'cell', 'of', 'line']) {
        if (typeof record[key] === 'string') record[key] = record[key].replace(word, `$1${code}`);
      }
      const cells = record['cells'] as Record<string, unknown> | undefined;
      for (const [name, cell] of Object.entries(cells ?? {})) {
        if (!name.startsWith(`${old}_`)) continue;
        delete cells![name];
        cells![code + name.slice(old.length)] = cell;
      }
      Object.values(record).forEach(visit);
    }
  };
  visit(spec);
}

/** Finds data elements and binds what is picked to one. */
function finder(builder: Builder, on: Record<string, unknown>, sources: Sources): HTMLElement {
  const results = el('div', { class: 'fb-found', hidden: '' });
  const input = el('input', { class: 'form-control form-control-sm', type: 'search', placeholder: t('fbFind'), 'aria-label': t('fbElement') });
  const bound = on['element'] ? el('p', { class: 't-12 t-2' }, `${t('fbElement')} ${String(on['element'])}`) : null;
  let last = '';
  const search = async (): Promise<void> => {
    last = input.value;
    const response = await fetch(`${sources.elementsUrl}?q=${encodeURIComponent(input.value)}`, { headers: { Accept: 'application/json' } });
    if (!response.ok || last !== input.value) return;
    const { items } = (await response.json()) as { items: { label: string; hint: string; cell: Record<string, unknown> }[] };
    results.hidden = false;
    results.replaceChildren(
      ...items.map((item) => {
        const button = el('button', { type: 'button' }, item.label, el('br', {}), el('span', { class: 't-12 t-3 code' }, item.hint));
        button.addEventListener('click', () => {
          const { name, ...rest } = item.cell;
          Object.assign(on, rest, on['name'] ? {} : { name });
          builder.changed();
        });
        return button;
      }),
    );
  };
  input.addEventListener('input', () => void search());
  input.addEventListener('focus', () => void search());
  const facts = el('select', { class: 'form-select form-select-sm', 'data-prop': 'prefill' }, el('option', { value: '' }, '—'), ...sources.facts.map((f) => el('option', { value: f.code }, f.label)));
  facts.value = String(on['prefill'] ?? '');
  facts.addEventListener('change', () => {
    if (facts.value) on['prefill'] = facts.value;
    else delete on['prefill'];
    builder.changed();
  });
  return el('div', {}, el('label', {}, el('span', {}, t('fbElement')), input), results, ...(bound ? [bound] : []), el('label', {}, el('span', {}, t('fbPrefill')), facts));
}
