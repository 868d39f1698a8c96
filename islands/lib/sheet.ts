/** The values behind a form grid: computed cells, checks, undo. No DOM, so it can be tested as it is. */
import { compile, type Env, type Form, references } from '../expr.ts';
import { round } from './decimal.ts';

export type Cell = string | null;
export type Changes = Record<string, Cell>;

export interface CellData {
  label: string;
  unit?: string;
  places?: number;
  /** Exact decimal text, or null when empty. */
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
export interface SheetData {
  cells: Record<string, CellData>;
  /** Computed cells, each after those it uses. */
  order: string[];
  /** Names that expressions use and nobody types: previous period, last year, factors. */
  given: Record<string, Cell>;
  checks: CheckData[];
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

const program = (form: Form): Program => ({ run: compile(form), uses: references(form) });

export class Sheet {
  readonly data: SheetData;
  readonly reasons: Record<string, string>;
  #values: Record<string, Cell> = {};
  #computed: { code: string; program: Program }[];
  #checks: { check: CheckData; program: Program; fails: boolean }[];
  #done: Changes[] = [];
  #undone: Changes[] = [];

  constructor(data: SheetData) {
    this.data = data;
    this.reasons = { ...data.reasons };
    Object.assign(this.#values, data.given);
    for (const [code, cell] of Object.entries(data.cells)) this.#values[code] = cell.value ?? null;
    this.#computed = data.order.map((code) => ({ code, program: program(data.cells[code]!.expr!) }));
    this.#checks = data.checks.map((check) => ({ check, program: program(check.expr), fails: false }));
    this.#refresh(null);
  }

  get(code: string): Cell {
    return this.#values[code] ?? null;
  }

  /** Takes values over; gives the codes of all cells that changed, computed ones included. */
  set(changes: Changes, undoable = true): string[] {
    const before: Changes = {};
    for (const [code, value] of Object.entries(changes)) {
      if (this.get(code) !== value) before[code] = this.get(code);
    }
    const touched = Object.keys(before);
    if (!touched.length) return [];
    for (const code of touched) this.#values[code] = changes[code] ?? null;
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
    const found = this.#checks.filter((one) => one.fails).map(({ check }): Finding => {
      const reason = this.reasons[check.code]?.trim() ?? '';
      const blank = check.level === 'error' && this.get(check.cell) === null && !this.data.cells[check.cell]?.expr;
      return { check, reason, blank, kind: check.level === 'error' ? 'error' : reason ? 'noted' : 'warn' };
    });
    const rank = { error: 0, warn: 1, noted: 2 };
    return found.sort((a, b) => rank[a.kind] - rank[b.kind]);
  }

  /** Computes and checks what depends on `dirty` (everything for null); gives the computed cells that changed. */
  #refresh(dirty: Set<string> | null): string[] {
    const changed: string[] = [];
    const concerns = ({ uses }: Program) => !dirty || [...uses].some((name) => dirty.has(name));
    for (const { code, program: one } of this.#computed) {
      if (!concerns(one)) continue;
      const result = one.run(this.#values);
      const value = typeof result === 'string' ? round(result, KEPT_PLACES).replace(/\.?0+$/, '') : null;
      if (value === this.get(code)) continue;
      this.#values[code] = value;
      dirty?.add(code);
      changed.push(code);
    }
    for (const one of this.#checks) if (concerns(one.program)) one.fails = one.program.run(this.#values) === false;
    return changed;
  }
}
