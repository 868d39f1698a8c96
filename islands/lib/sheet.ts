/** The values behind a form grid: computed cells, checks, undo. No DOM, so it can be tested as it is. */
import { compile, type Env, type Form, type Raw, references } from '../expr.ts';
import { round } from './decimal.ts';

export type Cell = string | null;
export type Changes = Record<string, Cell>;

export interface CellData {
  label: string;
  unit?: string;
  places?: number;
  /** number (unless said), integer, text, date, choice or boolean. */
  type?: string;
  /** What may be chosen: value and words. */
  options?: [string, string][];
  length?: number;
  /** Exact decimal text, a text, a day, a code, `true` or `false`; null when empty. */
  value?: Cell;
  /** Only computed cells have one. */
  expr?: Form;
}
export interface CheckData {
  code: string;
  level: 'error' | 'warning';
  cell: string;
  expr: Form;
  message: string;
  title?: string;
  /** Reasons that are often given. */
  phrases?: string[];
}
/** When cells are asked: where `expr` is not true they count as empty everywhere. */
export interface ShowData {
  section?: string;
  cells: string[];
  expr: Form;
}
/** A repeating section: every row has the columns, what is computed of them and what is asked of them. */
export interface LineData {
  label: string;
  most: number;
  columns: Record<string, CellData>;
  order: string[];
  checks: CheckData[];
  shows?: { column: string; expr: Form }[];
}
export interface SheetData {
  cells: Record<string, CellData>;
  /** Computed cells, each after those it uses. */
  order: string[];
  /** Names that expressions use and nobody types: previous period, last year, factors. */
  given: Record<string, Cell>;
  checks: CheckData[];
  shows?: ShowData[];
  lines?: Record<string, LineData>;
  /** Cells of repeating rows, `<section>_<row>_<column>`. */
  lineValues?: Record<string, Cell>;
  givenTypes?: Record<string, string>;
  /** Check code → the reason given. */
  reasons?: Record<string, string>;
}
export interface Finding {
  check: CheckData;
  kind: 'error' | 'warn' | 'noted';
  reason: string;
  /** An error that only says: this cell is still empty. */
  blank: boolean;
}

/** Computed values are kept with this many decimals, as on the server (forms/engine.py). */
const KEPT_PLACES = 6;
const UNDO_STEPS = 200;

interface Program {
  run: (env: Env) => unknown;
  uses: Set<string>;
}
interface Line {
  code: string;
  data: LineData;
  order: { column: string; program: Program }[];
  checks: { check: CheckData; program: Program }[];
  shows: { column: string; program: Program }[];
}
/** Where a cell of a repeating row stands. */
export interface Spot {
  section: string;
  row: number;
  column: string;
}

const program = (form: Form): Program => ({ run: compile(form), uses: references(form) });

export class Sheet {
  readonly data: SheetData;
  readonly reasons: Record<string, string>;
  #values: Record<string, Cell> = {};
  /** What expressions see: values of their types, null for what is not asked. */
  #env: Record<string, Raw> = {};
  #hidden = new Set<string>();
  #computed: { code: string; program: Program }[];
  #checks: { check: CheckData; program: Program; fails: boolean }[];
  #shows: { cells: string[]; section: string; program: Program }[];
  #lines: Line[];
  #lineFindings: CheckData[] = [];
  #done: Changes[] = [];
  #undone: Changes[] = [];

  constructor(data: SheetData) {
    this.data = data;
    this.reasons = { ...data.reasons };
    Object.assign(this.#values, data.given, data.lineValues);
    for (const [code, cell] of Object.entries(data.cells)) this.#values[code] = cell.value ?? null;
    this.#computed = data.order.map((code) => ({ code, program: program(data.cells[code]!.expr!) }));
    this.#checks = data.checks.map((check) => ({ check, program: program(check.expr), fails: false }));
    this.#shows = (data.shows ?? []).map((one) => ({ cells: one.cells, section: one.section ?? '', program: program(one.expr) }));
    this.#lines = Object.entries(data.lines ?? {}).map(([code, line]) => ({
      code,
      data: line,
      order: line.order.map((column) => ({ column, program: program(line.columns[column]!.expr!) })),
      checks: line.checks.map((check) => ({ check, program: program(check.expr) })),
      shows: (line.shows ?? []).map((one) => ({ column: one.column, program: program(one.expr) })),
    }));
    for (const code of Object.keys(this.#values)) this.#env[code] = this.#raw(code);
    this.#refresh(null);
  }

  get(code: string): Cell {
    return this.#values[code] ?? null;
  }

  /** What is known of a cell, those of repeating rows included. */
  cell(code: string): CellData | undefined {
    const spot = this.spot(code);
    return spot ? this.data.lines![spot.section]!.columns[spot.column] : this.data.cells[code];
  }

  label(code: string): string {
    const spot = this.spot(code);
    const known = this.cell(code);
    if (!known) return code;
    return spot ? `${this.data.lines![spot.section]!.label} ${spot.row} · ${known.label}` : known.label;
  }

  spot(code: string): Spot | null {
    if (code in this.data.cells) return null;
    for (const { code: section, data } of this.#lines) {
      if (!code.startsWith(`${section}_`)) continue;
      const found = /^([1-9]\d*)_(.+)$/.exec(code.slice(section.length + 1));
      if (found && data.columns[found[2]!]) return { section, row: Number(found[1]), column: found[2]! };
    }
    return null;
  }

  /** Whether a cell is asked now. */
  isHidden(code: string): boolean {
    return this.#hidden.has(code);
  }

  /** Sections that are not asked at all. */
  hiddenSections(): Map<string, boolean> {
    return new Map(this.#shows.filter((one) => one.section).map((one) => [one.section, one.program.run(this.#env) !== true]));
  }

  /** Takes values over; gives the codes of all cells that changed, computed ones included. */
  set(changes: Changes, undoable = true): string[] {
    const before: Changes = {};
    for (const [code, value] of Object.entries(changes)) {
      if (this.get(code) !== value) before[code] = this.get(code);
    }
    const touched = Object.keys(before);
    if (!touched.length) return [];
    for (const code of touched) {
      this.#values[code] = changes[code] ?? null;
      this.#env[code] = this.#hidden.has(code) ? null : this.#raw(code);
    }
    if (undoable) {
      this.#done.push(before);
      this.#done.splice(0, Math.max(0, this.#done.length - UNDO_STEPS));
      this.#undone = [];
    }
    return [...touched, ...this.#refresh(new Set(touched))];
  }

  /** The values to put back, or null. The caller sets them and saves them like any other change. */
  undo(): Changes | null {
    return this.#step(this.#done, this.#undone);
  }

  redo(): Changes | null {
    return this.#step(this.#undone, this.#done);
  }

  #step(from: Changes[], to: Changes[]): Changes | null {
    const changes = from.pop();
    if (!changes) return null;
    to.push(Object.fromEntries(Object.keys(changes).map((code) => [code, this.get(code)])));
    return changes;
  }

  /** What does not hold, errors first, then what waits for a reason. */
  findings(): Finding[] {
    const failing = [...this.#checks.filter((one) => one.fails && !this.#hidden.has(one.check.cell)).map((one) => one.check), ...this.#lineFindings];
    const found = failing.map((check): Finding => {
      const reason = this.reasons[check.code]?.trim() ?? '';
      const blank = check.level === 'error' && this.get(check.cell) === null && !this.cell(check.cell)?.expr;
      return { check, reason, blank, kind: check.level === 'error' ? 'error' : reason ? 'noted' : 'warn' };
    });
    const rank = { error: 0, warn: 1, noted: 2 };
    return found.sort((a, b) => rank[a.kind] - rank[b.kind]);
  }

  #type(code: string): string {
    return this.cell(code)?.type ?? this.data.givenTypes?.[code] ?? 'number';
  }

  /** A value as expressions see it. */
  #raw(code: string): Raw {
    const value = this.#values[code] ?? null;
    const base = code.replace(/^(prev|ly)_/, '');
    const type = code in this.data.cells || !(base in this.data.cells) ? this.#type(code) : this.#type(base);
    return type === 'boolean' && value !== null ? value === 'true' : value;
  }

  /** Computes and checks what depends on `dirty` (everything for null); gives the computed cells that changed. */
  #refresh(dirty: Set<string> | null): string[] {
    const changed: string[] = [];
    const concerns = ({ uses }: Program) => !dirty || [...uses].some((name) => dirty.has(name));
    changed.push(...this.#ask(dirty));
    if (this.#lines.length) changed.push(...this.#runLines(dirty));
    for (const { code, program: one } of this.#computed) {
      if (!concerns(one)) continue;
      if (this.#keep(code, one.run(this.#env))) {
        dirty?.add(code);
        changed.push(code);
      }
    }
    for (const one of this.#checks) if (concerns(one.program)) one.fails = one.program.run(this.#env) === false;
    if (this.#lines.length) this.#checkLines();
    return changed;
  }

  /** Takes a result over; whether it differs from what was there. */
  #keep(code: string, result: unknown): boolean {
    const value = result === null ? null : this.#type(code) === 'boolean' ? String(result) : this.#isNumber(code) ? round(String(result), KEPT_PLACES).replace(/\.?0+$/, '') : String(result);
    if (value === this.get(code)) return false;
    this.#values[code] = value;
    this.#env[code] = this.#raw(code);
    return true;
  }

  #isNumber(code: string): boolean {
    return ['number', 'integer'].includes(this.#type(code));
  }

  /** Judges what is asked, in the order of the form; gives the cells that came or went. */
  #ask(dirty: Set<string> | null): string[] {
    if (!this.#shows.length) return [];
    const before = this.#hidden;
    const hidden = new Set([...before].filter((code) => this.spot(code)));
    for (const one of this.#shows) for (const code of one.cells) this.#env[code] = this.#raw(code);
    for (const { cells, program: one } of this.#shows) {
      if (one.run(this.#env) === true) continue;
      for (const code of cells) {
        hidden.add(code);
        this.#env[code] = null;
      }
    }
    this.#hidden = hidden;
    const moved = [...new Set([...before, ...hidden])].filter((code) => before.has(code) !== hidden.has(code));
    for (const code of moved) dirty?.add(code);
    return moved;
  }

  /** The rows of a repeating section that something is typed in, by number. */
  rows(section: string): number[] {
    const found = new Set<number>();
    for (const [code, value] of Object.entries(this.#values)) {
      if (value === null) continue;
      const spot = this.spot(code);
      if (spot?.section === section && !this.data.lines![section]!.columns[spot.column]!.expr) found.add(spot.row);
    }
    return [...found].sort((a, b) => a - b);
  }

  #rowEnv(line: Line, row: number): Record<string, Raw> {
    const own: Record<string, Raw> = {};
    for (const column of Object.keys(line.data.columns)) {
      const code = `${line.code}_${row}_${column}`;
      own[`row.${column}`] = this.#hidden.has(code) ? null : this.#raw(code);
    }
    return own;
  }

  #runLines(dirty: Set<string> | null): string[] {
    const changed: string[] = [];
    for (const line of this.#lines) {
      const rows = this.rows(line.code);
      const lists: Record<string, Raw[]> = Object.fromEntries(Object.keys(line.data.columns).map((column) => [column, []]));
      for (const row of rows) {
        for (const { column, program: one } of line.shows) {
          const code = `${line.code}_${row}_${column}`;
          const off = one.run({ ...this.#env, ...this.#rowEnv(line, row) }) !== true;
          if (off !== this.#hidden.has(code)) changed.push(code);
          if (off) this.#hidden.add(code);
          else this.#hidden.delete(code);
        }
        for (const { column, program: one } of line.order) {
          const code = `${line.code}_${row}_${column}`;
          if (this.#keep(code, one.run({ ...this.#env, ...this.#rowEnv(line, row) }))) changed.push(code);
        }
        const own = this.#rowEnv(line, row);
        for (const column of Object.keys(lists)) lists[column]!.push(own[`row.${column}`] ?? null);
      }
      for (const [column, list] of Object.entries(lists)) {
        this.#env[`${line.code}.${column}`] = list;
        dirty?.add(`${line.code}.${column}`);
      }
    }
    return changed;
  }

  #checkLines(): void {
    this.#lineFindings = [];
    for (const line of this.#lines) {
      for (const row of line.checks.length ? this.rows(line.code) : []) {
        const env = { ...this.#env, ...this.#rowEnv(line, row) };
        for (const { check, program: one } of line.checks) {
          const cell = `${line.code}_${row}_${check.cell}`;
          if (!this.#hidden.has(cell) && one.run(env) === false) this.#lineFindings.push({ ...check, code: `${check.code}.${row}`, cell });
        }
      }
    }
  }
}
