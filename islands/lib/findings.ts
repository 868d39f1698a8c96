/** The list of findings beside a form grid, its counts, and the buttons that wait for it to be empty. */
import { el, icon } from './island.ts';
import type { Places } from './places.ts';
import type { Finding } from './sheet.ts';
import { t } from './words.ts';

const LOOK = {
  error: { css: 'over', icon: 'circle-x' },
  warn: { css: 'warn', icon: 'alert-triangle' },
  noted: { css: 'ok', icon: 'message-check' },
} as const;

/** A few empty cells are mistakes to point at; many are a form that is still being filled in. */
const FEW_BLANKS = 5;

export function manyBlank(findings: Finding[]): boolean {
  return findings.filter((one) => one.blank).length > FEW_BLANKS;
}

/**
 * Redraws `[data-checks]`, `[data-check-counts]`, `[data-missing]` and `[data-submit-form]`. `faults` are texts that are no
 * numbers. While a reason is being typed its box stays (`counts only`), or the cursor would be lost.
 */
export function drawChecks(findings: Finding[], faults: Map<string, string>, label: (code: string) => string, countsOnly: boolean): void {
  const blanks = manyBlank(findings) ? findings.filter((one) => one.blank) : [];
  findings = findings.filter((one) => !blanks.includes(one));
  const errors = findings.filter((one) => one.kind === 'error').length + faults.size;
  const warns = findings.filter((one) => one.kind === 'warn').length;
  const noted = findings.length + faults.size - errors - warns;
  const list = document.querySelector('[data-checks]');
  if (list && !countsOnly) {
    const typed = [...faults].map(([code, text]) => item('error', code, code, label(code), text, ''));
    const items = findings.map(({ check, kind, reason }) =>
      item(kind, check.code, check.cell, check.title ?? label(check.cell), check.message, reason, check.phrases),
    );
    const first = blanks[0]?.check.cell;
    const empty = first ? [item('error', 'blank', first, t('blankCount', { n: blanks.length }), t('blankHint'), '')] : [];
    list.replaceChildren(...typed, ...items, ...empty);
    for (const none of document.querySelectorAll<HTMLElement>('[data-no-checks]')) none.hidden = list.children.length > 0;
  }
  const counts = document.querySelector('[data-check-counts]');
  const tag = (kind: string, word: string) => el('span', { class: `sz-tag ${kind}` }, word);
  counts?.replaceChildren(
    ...(errors ? [tag('over', t('errorCount', { n: errors }))] : []),
    ...(warns ? [tag('warn', t('warnCount', { n: warns }))] : []),
    ...(noted ? [tag('ok', t('notedCount', { n: noted }))] : []),
    ...(blanks.length ? [tag('line', t('blankCount', { n: blanks.length }))] : []),
  );
  const missing = blanks.length ? t('blankFor', { n: blanks.length }) : errors && warns ? t('bothFor', { errors, warns }) : errors ? t('missingFor', { errors }) : warns ? t('explainFor', { warns }) : '';
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-submit-form]')) {
    button.disabled = missing !== '';
    button.title = missing;
  }
  for (const place of document.querySelectorAll<HTMLElement>('[data-missing]')) {
    place.hidden = missing === '';
    place.className = `sz-state ${errors ? 'over' : 'warn'}`;
    place.replaceChildren(icon(errors ? 'circle-x' : 'alert-triangle'), missing);
  }
}

function item(kind: Finding['kind'], check: string, cell: string, title: string, text: string, reason: string, phrases: string[] = []): HTMLElement {
  const look = LOOK[kind];
  const locate = el('button', { class: 'btn-link push', type: 'button', 'data-locate': cell }, t('locate'));
  const box = el('li', { class: look.css, 'data-check': check, 'data-cell': cell }, el('p', { class: 'hd' }, icon(look.icon), el('b', {}, title), locate), el('p', {}, text));
  if (kind !== 'error') {
    box.append(el('textarea', { class: 'form-control', rows: '2', 'data-reason': check, 'aria-label': t('reasonOf', { title }) }, reason));
    const chips = phrases.map((phrase) => el('button', { class: 'sz-chip', type: 'button', 'data-phrase': phrase }, phrase));
    if (chips.length) box.append(el('div', { class: 'row-flex wrap fm-quick' }, ...chips));
  }
  return box;
}

/** Frames the cells that something is wrong with: red stops, amber waits for a reason, a corner has one. */
export function markCells(places: Places, findings: Finding[], faults: Map<string, string>): void {
  const worst = new Map<string, Finding['kind']>();
  if (manyBlank(findings)) findings = findings.filter((one) => !one.blank);
  for (const { check, kind } of [...findings].reverse()) worst.set(check.cell, kind);
  for (const code of faults.keys()) worst.set(code, 'error');
  for (const code of places.codes) {
    const cell = places.of(code)!;
    const kind = worst.get(code);
    cell.classList.toggle('is-err', kind === 'error');
    cell.classList.toggle('is-warn', kind === 'warn');
    cell.classList.toggle('is-noted', kind === 'noted');
    cell.title = faults.get(code) ?? findings.find((one) => one.check.cell === code)?.check.message ?? '';
    const field = cell.querySelector('input, select');
    if (kind === 'error') field?.setAttribute('aria-invalid', 'true');
    else field?.removeAttribute('aria-invalid');
  }
}
