/** A form's specification as the builder holds it: plain data, changed by small functions that keep codes unique. */

export interface Item {
  code: string;
  name?: string;
  [more: string]: unknown;
}
export interface Section extends Item {
  kind: 'table' | 'fields' | 'rows' | 'note';
  rows?: Item[];
  columns?: Item[];
  fields?: Item[];
  cells?: Record<string, Record<string, unknown>>;
  text?: string;
}
export interface Spec {
  code: string;
  name: string;
  period: string;
  columns?: Item[];
  sections: Section[];
  computed?: Item[];
  checks?: Item[];
  given?: Record<string, Record<string, unknown>>;
  [more: string]: unknown;
}

/** Codes of everything in the form that has one: what a new code must differ from. */
export function codesOf(spec: Spec): Set<string> {
  const found = new Set<string>();
  for (const section of spec.sections) {
    for (const item of [section, ...(section.rows ?? []), ...(section.fields ?? [])]) found.add(item.code);
  }
  for (const item of [...(spec.computed ?? []), ...(spec.checks ?? [])]) found.add(item.code);
  return found;
}

/** The first of `r1`, `r2` … that is free. */
export function freeCode(taken: Set<string>, letter: string): string {
  for (let n = 1; ; n++) if (!taken.has(`${letter}${n}`)) return `${letter}${n}`;
}

export function kindOf(section: Section): Section['kind'] {
  return section.kind ?? (section.fields?.length ? 'fields' : 'table');
}

export function columnsOf(spec: Spec, section: Section): Item[] {
  return section.columns?.length ? section.columns : spec.columns ?? [];
}

/** Moves an item by one place; whether it moved. */
export function move<T>(items: T[], at: number, by: number): boolean {
  const to = at + by;
  if (to < 0 || to >= items.length) return false;
  [items[at], items[to]] = [items[to]!, items[at]!];
  return true;
}

/** A new section of a kind, with one thing in it to begin with. */
export function newSection(spec: Spec, kind: Section['kind'], name: string, word: (kind: 'row' | 'column' | 'field' | 'text') => string): Section {
  const taken = codesOf(spec);
  const code = freeCode(taken, 's');
  taken.add(code);
  const column = (): Item => ({ code: 'c1', kind: 'value', name: word('column'), places: 2 });
  const base: Section = { code, kind, name };
  if (kind === 'fields') return { ...base, fields: [{ code: freeCode(taken, 'f'), name: word('field'), type: 'number', unit: '' }] };
  if (kind === 'rows') return { ...base, most: 200, columns: [{ code: 'c1', name: word('column'), type: 'text' }] };
  if (kind === 'note') return { ...base, text: word('text') };
  return { ...base, columns: [column()], rows: [{ code: freeCode(taken, 'r'), name: word('row'), unit: '', places: 2 }], cells: {} };
}

/** Every cell of the form with its name, for pickers and checks. */
export function cellsOf(spec: Spec): { code: string; name: string }[] {
  const found: { code: string; name: string }[] = [];
  for (const section of spec.sections) {
    const kind = kindOf(section);
    for (const field of section.fields ?? []) found.push({ code: field.code, name: String(field.name ?? '') });
    if (kind === 'rows') for (const column of section.columns ?? []) found.push({ code: `${section.code}_${column.code}`, name: `${section.name} · ${column.name}` });
    if (kind !== 'table') continue;
    for (const row of section.rows ?? []) {
      for (const column of columnsOf(spec, section)) found.push({ code: `${row.code}_${column.code}`, name: `${row.name} · ${column.name || column.code}` });
    }
  }
  for (const item of spec.computed ?? []) found.push({ code: item.code, name: String(item.name ?? '') });
  return found;
}
