/** What is typed into a cell, as exact text of its type; and back to what is shown. The server reads the same way (forms/engine.py). */
import { read, show, showTyped } from './decimal.ts';
import type { Cell, CellData } from './sheet.ts';
import { t } from './words.ts';

const isNumber = (cell: CellData | undefined): boolean => !cell?.type || cell.type === 'number' || cell.type === 'integer';

/** Null for an empty cell; undefined for what cannot be read. */
export function readAs(cell: CellData | undefined, text: string): Cell | undefined {
  if (isNumber(cell)) {
    const value = read(text);
    return cell?.type === 'integer' && value?.includes('.') ? undefined : value;
  }
  const plain = text.trim();
  if (!plain) return null;
  if (cell?.type === 'date') return readDay(plain);
  if (cell?.type === 'text') return plain.length > (cell.length ?? 200) ? undefined : plain;
  const wanted = plain.toLowerCase();
  return cell?.options?.find(([value, words]) => value.toLowerCase() === wanted || words.toLowerCase() === wanted || `${value} ${words}`.toLowerCase() === wanted)?.[0];
}

function readDay(text: string): string | undefined {
  const found = /^(\d{4})(?:[-/.年]\s?)?(\d{1,2})(?:[-/.月]\s?)?(\d{1,2})日?$/.exec(text);
  if (!found) return undefined;
  const day = `${found[1]}-${found[2]!.padStart(2, '0')}-${found[3]!.padStart(2, '0')}`;
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === day ? day : undefined;
}

/** As it stands in a field: numbers with their decimals, a choice by its value. */
export function fieldText(cell: CellData | undefined, value: Cell): string {
  return isNumber(cell) ? showTyped(value, cell?.places ?? 0) : value ?? '';
}

/** As it is read: a choice by its words. */
export function cellText(cell: CellData | undefined, value: Cell): string {
  if (isNumber(cell)) return show(value, cell?.places);
  return cell?.options?.find(([code]) => code === value)?.[1] ?? value ?? '';
}

/** Why a text cannot stand in a cell. */
export function unreadable(cell: CellData | undefined, text: string): string {
  if (cell?.type === 'integer') return t('notInteger', { text });
  if (isNumber(cell)) return t('notNumber', { text });
  if (cell?.type === 'date') return t('notDay', { text });
  if (cell?.type === 'text') return t('tooLong', { n: cell.length ?? 200 });
  return t('notChoice', { text });
}
