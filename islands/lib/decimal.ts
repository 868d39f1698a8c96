/**
 * Numbers as people type them and as exact decimal text ("−1,234.5" ↔ "-1234.5"); never as floating point.
 * The reading follows `clean_number` of the server's `kernel/text.py`: what could be read two ways is refused.
 */

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)$/;
const GROUPED = /^[+-]?\d{1,3}([, '])\d{3}(?:\1\d{3})*(\.\d*)?$/;
const MAX_DIGITS = 30;

/** Canonical decimal text; null for an empty cell; undefined for what is no number. */
export function read(typed: string): string | null | undefined {
  let text = typed
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, '')
    .replace(/[\s\u00a0\u3000\u2000-\u200a\u202f]+/g, ' ')
    .replace(/[！-～]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/[\u2010-\u2014\u2212\ufe63]/g, '-')
    .replace(/。/g, '.')
    .trim();
  if (text === '' || text === '-') return null; // a lone dash is how people write "none"
  text = text.replace(/^([+-]) /, '$1');
  if (text.startsWith("'")) text = text.slice(1).trim();
  if (GROUPED.test(text)) text = text.replace(/[, ']/g, '');
  if (!PLAIN.test(text) || text.replace(/\D/g, '').length > MAX_DIGITS) return undefined;
  return plain(text);
}

/** Without plus sign, idle zeros and a lone point. */
function plain(text: string): string {
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const digits = `${whole.replace(/^0+(?=\d)/, '') || '0'}${fraction ? `.${fraction}` : ''}`;
  return negative && /[1-9]/.test(digits) ? `-${digits}` : digits;
}

/** Rounded half up (away from zero) to `places` decimals, which all stand. */
export function round(value: string, places: number): string {
  const negative = value.startsWith('-');
  const [whole = '0', fraction = ''] = value.replace('-', '').split('.');
  const digits = BigInt(whole + fraction.slice(0, places).padEnd(places, '0')) + (Number(fraction[places] ?? '0') >= 5 ? 1n : 0n);
  const text = digits.toString().padStart(places + 1, '0');
  const shown = places ? `${text.slice(0, -places)}.${text.slice(-places)}` : text;
  return negative && digits !== 0n ? `-${shown}` : shown;
}

/** As it is shown: thousands, a proper minus; with `places` rounded to them, else as it stands. */
export function show(value: string | null, places?: number): string {
  if (value === null) return '';
  const [whole = '', fraction] = (places === undefined ? value : round(value, places)).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',').replace('-', '−');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** A typed value: shown with its decimals, and with more if more were typed. */
export function showTyped(value: string | null, places: number): string {
  if (value === null) return '';
  return (value.split('.')[1]?.length ?? 0) > places ? show(value) : show(value, places);
}

/** The change from `before` to `now` in percent with one decimal: `+27.2%`, `−3.0%`; `—` where there is none. */
export function change(now: string | null, before: string | null): string {
  if (now === null || before === null || Number(before) === 0) return '—';
  const percent = ((Number(now) - Number(before)) / Math.abs(Number(before))) * 100;
  const text = Math.abs(percent).toFixed(1);
  return Number(text) === 0 ? '0.0%' : `${percent > 0 ? '+' : '−'}${text}%`;
}
