/**
 * The expression language in the browser: builds closures from the tree that `shuzheng/kernel/expr/to_ts.py` writes, so that
 * computed cells and checks answer while one types, with exactly the server's results. No code is made from text (CSP).
 * Parsing and type checks stay on the server. What null means stands in `evaluate.py`; the conformance suite binds all three.
 *
 * Numbers are BigInt counts of 10⁻²⁰, dates are days since 1970-01-01; outside they are texts ("12.5", "2026-01-31").
 */

export type Raw = string | number | boolean | null | undefined | readonly Raw[];
export type Json = string | number | boolean | null | Json[];
export interface Form {
  v: number;
  type: string;
  tree: Json;
}
export type Env = Readonly<Record<string, Raw>>;

/** A value that is not of the declared type, or a form this version cannot read. */
export class ExprError extends Error {}

type Value = bigint | number | string | boolean | null | readonly Value[];
type Run = (env: Env) => Value;
type Test = (subject: Value, env: Env) => boolean | null;
type Node = readonly Json[];

const VERSION = 1;
const SCALE = 20;
const ONE = 10n ** BigInt(SCALE);
const LIMIT = 10n ** 30n * ONE;
const DAY = 86_400_000;

// Numbers

/** n / d rounded to a whole number, halves away from zero; d is not zero. */
function halfUp(n: bigint, d: bigint): bigint {
  const negative = n < 0n !== d < 0n;
  const top = n < 0n ? -n : n;
  const bottom = d < 0n ? -d : d;
  const whole = (2n * top + bottom) / (2n * bottom);
  return negative ? -whole : whole;
}

const multiply = (a: bigint, b: bigint): bigint => halfUp(a * b, ONE);
const divide = (a: bigint, b: bigint): bigint | null => (b === 0n ? null : halfUp(a * ONE, b));

function floor(a: bigint): bigint {
  const rest = a % ONE;
  return a - rest - (rest < 0n ? ONE : 0n);
}

function power(a: bigint, n: number): bigint {
  let out = ONE;
  for (let i = 0; i < n; i++) out = multiply(out, a);
  return out;
}

function roundTo(a: bigint, places: number): bigint {
  const unit = 10n ** BigInt(SCALE - places);
  return halfUp(a, unit) * unit;
}

function readNumber(raw: Raw): bigint {
  // A JavaScript number is taken by its shortest text; what needs an exponent there is refused.
  const text = typeof raw === 'number' ? String(raw) : raw;
  const parts = typeof text === 'string' ? /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text) : null;
  if (!parts) throw new ExprError(`应为数字，实为 ${String(raw)}`);
  const fraction = parts[3] ?? '';
  const scaled = fraction.length > SCALE ? BigInt(parts[2] + fraction) : BigInt(parts[2] + fraction.padEnd(SCALE, '0'));
  const size = fraction.length > SCALE ? halfUp(scaled, 10n ** BigInt(fraction.length - SCALE)) : scaled;
  if (size >= LIMIT) throw new ExprError('数字过长，整数最多 30 位');
  return parts[1] === '-' ? -size : size;
}

function writeNumber(a: bigint): string {
  const digits = (a < 0n ? -a : a).toString().padStart(SCALE + 1, '0');
  const fraction = digits.slice(-SCALE).replace(/0+$/, '');
  return (a < 0n ? '-' : '') + digits.slice(0, -SCALE) + (fraction && `.${fraction}`);
}

// Dates

function readDate(raw: Raw): number {
  if (typeof raw === 'string' && /^\d{4}-\d\d-\d\d$/.test(raw)) {
    const at = Date.parse(`${raw}T00:00:00Z`);
    if (!Number.isNaN(at) && writeDate(at / DAY) === raw) return at / DAY;
  }
  throw new ExprError(`应为日期，实为 ${String(raw)}`);
}

const writeDate = (days: number): string => new Date(days * DAY).toISOString().slice(0, 10);

const date = (days: number): Date => new Date(days * DAY);

function monthsBetween(a: number, b: number): number {
  if (b < a) return -monthsBetween(b, a);
  const [from, to] = [date(a), date(b)];
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  return months - (to.getUTCDate() < from.getUTCDate() ? 1 : 0);
}

const whole = (n: number): bigint => BigInt(n) * ONE;

// In and out

function read(type: string, raw: Raw): Value {
  if (raw === null || raw === undefined) return null;
  const member = /^list\[(.+)\]$/.exec(type)?.[1];
  if (member !== undefined) {
    if (!Array.isArray(raw)) throw new ExprError(`应为列表，实为 ${String(raw)}`);
    return raw.map((one: Raw) => read(member, one));
  }
  if (type === 'number') return readNumber(raw);
  if (type === 'date') return readDate(raw);
  if (type === 'text' && typeof raw === 'string') return raw;
  if (type === 'boolean' && typeof raw === 'boolean') return raw;
  throw new ExprError(`应为${type === 'text' ? '文字' : '是/否'}，实为 ${String(raw)}`);
}

function write(type: string, value: Value): Raw {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((one: Value) => write(type.slice(5, -1), one));
  if (type === 'number') return writeNumber(value as bigint);
  if (type === 'date') return writeDate(value as number);
  return value as string | boolean;
}

// Operators

// `any`: one table holds functions over different types, and the server has checked which they get.
type Of<N extends number> = N extends 1 ? (a: any) => Value : (a: any, b: any) => Value;

const ONE_VALUE: Record<string, Of<1>> = {
  neg: (a: bigint) => -a,
  abs: (a: bigint) => (a < 0n ? -a : a),
  floor,
  ceiling: (a: bigint) => -floor(-a),
  not: (a: boolean) => !a,
  length: (a: string) => whole([...a].length),
  year: (a: number) => whole(date(a).getUTCFullYear()),
  month: (a: number) => whole(date(a).getUTCMonth() + 1),
  day: (a: number) => whole(date(a).getUTCDate()),
};

type Ordered = bigint | number;
const COMPARE: Record<string, (a: Value, b: Value) => boolean> = {
  lt: (a, b) => (a as Ordered) < (b as Ordered),
  le: (a, b) => (a as Ordered) <= (b as Ordered),
  gt: (a, b) => (a as Ordered) > (b as Ordered),
  ge: (a, b) => (a as Ordered) >= (b as Ordered),
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
};

const TWO_VALUES: Record<string, Of<2>> = {
  add: (a: bigint, b: bigint) => a + b,
  sub: (a: bigint, b: bigint) => a - b,
  mul: multiply,
  div: divide,
  concat: (a: string, b: string) => a + b,
  contains: (a: string, b: string) => a.includes(b),
  starts_with: (a: string, b: string) => a.startsWith(b),
  ends_with: (a: string, b: string) => a.endsWith(b),
  months_between: (a: number, b: number) => whole(monthsBetween(a, b)),
  days_between: (a: number, b: number) => whole(b - a),
  lt: COMPARE['lt']!,
  le: COMPARE['le']!,
  gt: COMPARE['gt']!,
  ge: COMPARE['ge']!,
};

const total = (all: readonly Value[]): bigint => all.reduce<bigint>((sum, one) => sum + (one as bigint), 0n);
const OVER_LISTS: Record<string, (all: readonly Value[]) => Value> = {
  sum: total,
  mean: (all) => divide(total(all), whole(all.length)),
  min: (all) => all.reduce((a, b) => ((b as Ordered) < (a as Ordered) ? b : a)),
  max: (all) => all.reduce((a, b) => ((b as Ordered) > (a as Ordered) ? b : a)),
};

const present = (list: Value): Value[] => (Array.isArray(list) ? list.filter((one: Value) => one !== null) : []);

function build(json: Json | undefined): Run {
  const node = json as Node;
  const op = String(node[0]);
  const one = ONE_VALUE[op];
  if (one) return oneValue(one, build(node[1]));
  const two = TWO_VALUES[op];
  if (two) return twoValues(two, build(node[1]), build(node[2]));
  const over = OVER_LISTS[op];
  if (over) {
    const list = build(node[1]);
    return (env) => {
      const all = present(list(env));
      return all.length ? over(all) : null;
    };
  }
  const builder = BUILDERS[op];
  if (!builder) throw new ExprError(`不认识的运算 ${op}`);
  return builder(node);
}

const oneValue = (apply: Of<1>, inner: Run): Run => (env) => {
  const a = inner(env);
  return a === null ? null : apply(a);
};

const twoValues = (apply: Of<2>, left: Run, right: Run): Run => (env) => {
  const a = left(env);
  if (a === null) return null;
  const b = right(env);
  return b === null ? null : apply(a, b);
};

/** `and` (decided by false) and `or` (decided by true), three-valued. */
const logic = (decides: boolean) => (node: Node): Run => {
  const [left, right] = [build(node[1]), build(node[2])];
  return (env) => {
    const a = left(env);
    if (a === decides) return decides;
    const b = right(env);
    if (b === decides) return decides;
    return a === null || b === null ? null : !decides;
  };
};

const BUILDERS: Record<string, (node: Node) => Run> = {
  lit: (node) => {
    const value = read(String(node[1]), node[2] as Raw);
    return () => value;
  },
  name: (node) => {
    const [type, name] = [String(node[1]), String(node[2])];
    return (env) => read(type, Object.prototype.hasOwnProperty.call(env, name) ? env[name] : null);
  },
  list: (node) => {
    const items = node.slice(1).map(build);
    return (env) => items.map((item) => item(env));
  },
  pow: (node) => oneValue((a: bigint) => power(a, node[2] as number), build(node[1])),
  round: (node) => oneValue((a: bigint) => roundTo(a, node[2] as number), build(node[1])),
  eq: (node) => equality(node, true),
  ne: (node) => equality(node, false),
  and: logic(false),
  or: logic(true),
  if: (node) => {
    const [condition, yes, no] = [build(node[1]), build(node[2]), build(node[3])];
    return (env) => (condition(env) === true ? yes(env) : no(env));
  },
  coalesce: (node) => {
    const parts = node.slice(1).map(build);
    return (env) => {
      for (const part of parts) {
        const value = part(env);
        if (value !== null) return value;
      }
      return null;
    };
  },
  count: (node) => {
    const list = build(node[1]);
    return (env) => whole(present(list(env)).length);
  },
  in: (node) => {
    const subject = build(node[1]);
    const tests = node.slice(2).map(test);
    return (env) => {
      const value = subject(env);
      let unknown = false;
      for (const one of tests) {
        const outcome = one(value, env);
        if (outcome === true) return true;
        unknown ||= outcome === null;
      }
      return unknown ? null : false;
    };
  },
};

function equality(node: Node, equal: boolean): Run {
  const [left, right] = [build(node[1]), build(node[2])];
  return (env) => (left(env) === right(env)) === equal;
}

// Tests after `in`

function test(json: Json): Test {
  const node = json as Node;
  switch (node[0]) {
    case 'isnull':
      return (subject) => subject === null;
    case 'same':
      return comparison('eq', build(node[1]));
    case 'cmp':
      return comparison(String(node[1]), build(node[2]));
    case 'range':
      return range(build(node[1]), build(node[2]), String(node[3]));
    case 'member':
      return member(build(node[1]));
    default:
      throw new ExprError(`不认识的条件 ${String(node[0])}`);
  }
}

function comparison(sign: string, other: Run): Test {
  const compare = COMPARE[sign];
  if (!compare) throw new ExprError(`不认识的比较 ${sign}`);
  return (subject, env) => {
    const b = other(env);
    return subject === null || b === null ? null : compare(subject, b);
  };
}

function range(low: Run, high: Run, ends: string): Test {
  const above = COMPARE[ends[0] === '[' ? 'ge' : 'gt']!;
  const below = COMPARE[ends[1] === ']' ? 'le' : 'lt']!;
  return (subject, env) => {
    if (subject === null) return null;
    const [a, b] = [low(env), high(env)];
    // One end that is missed decides, whatever the other end is.
    if ((a !== null && !above(subject, a)) || (b !== null && !below(subject, b))) return false;
    return a === null || b === null ? null : true;
  };
}

function member(list: Run): Test {
  return (subject, env) => {
    const all = list(env);
    if (!Array.isArray(all)) return null;
    if (subject === null) return all.length ? null : false;
    if (all.includes(subject)) return true;
    return all.includes(null) ? null : false;
  };
}

/** A function from the values of the names to the result; throws `ExprError` for a value of another type than declared. */
export function compile(form: Form): (env: Env) => Raw {
  if (form.v !== VERSION) throw new ExprError(`不认识的表达式版本 ${form.v}`);
  const run = build(form.tree);
  return (env) => write(form.type, run(env));
}

/** Names that an expression speaks of: what to listen to. */
export function references(form: Form): Set<string> {
  const found = new Set<string>();
  const waiting: Json[] = [form.tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!Array.isArray(node)) continue;
    if (node[0] === 'name') found.add(String(node[2]));
    else if (node[0] !== 'lit') waiting.push(...node.slice(1));
  }
  return found;
}
