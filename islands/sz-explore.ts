/**
 * <sz-explore>: the explorer of statistics and the editor of own indicators.
 *   `input[data-narrow=".x"]`   hides those of `.x` that do not hold what is typed
 *   `button[data-insert="#field" data-text="…"]`   puts a word into a field where the cursor stands
 *   anywhere on the page, `button[data-png="#chart" data-note="/address"]`   keeps a chart as a picture; `data-note` is posted
 *     first, as numbers that leave the platform stand in the trail
 */
import { above, define, Island } from './lib/island.ts';
import { toast } from './sz-toast.ts';
import { t } from './lib/words.ts';

const SCALE = 2;

export class SzExplore extends Island {
  protected override start(): void {
    this.listen<InputEvent>(this, 'input', (event) => {
      const box = above<HTMLInputElement>(event, '[data-narrow]');
      if (box) this.narrow(box.dataset['narrow'] ?? '', box.value);
    });
    this.listen<MouseEvent>(this, 'click', (event) => {
      const button = above(event, '[data-insert]');
      if (button) insert(button.dataset['insert'] ?? '', button.dataset['text'] ?? '');
    });
    this.listen<MouseEvent>(document, 'click', (event) => {
      const button = above(event, '[data-png]');
      if (button) void keep(button.dataset['png'] ?? '', button.dataset['note'] ?? '');
    });
  }

  narrow(selector: string, text: string): void {
    const wanted = text.trim().toLowerCase();
    for (const item of this.all(selector)) {
      item.hidden = wanted !== '' && !(item.textContent ?? '').toLowerCase().includes(wanted);
    }
  }
}

/** Puts a word into a field at the cursor, with a space where it would touch another word. */
export function insert(selector: string, text: string): void {
  const field = document.querySelector<HTMLTextAreaElement>(selector);
  if (!field) return;
  const at = field.selectionStart ?? field.value.length;
  const before = field.value.slice(0, at);
  const word = /[\w.]$/.test(before) ? ` ${text}` : text;
  field.value = before + word + field.value.slice(field.selectionEnd ?? at);
  field.focus();
  field.setSelectionRange(at + word.length, at + word.length);
}

async function keep(selector: string, note: string): Promise<void> {
  const svg = document.querySelector<SVGSVGElement>(`${selector} svg`);
  if (!svg) return;
  if (note) {
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
    const answer = await fetch(note, { method: 'POST', headers: { 'X-CSRFToken': token } });
    if (!answer.ok) return void toast({ text: t('serverError'), level: 'error' });
  }
  const { width, height } = svg.getBoundingClientRect();
  const picture = new Image(width, height);
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  const pen = canvas.getContext('2d');
  if (!pen) return;
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const link = document.createElement('a');
  link.href = canvas.toDataURL('image/png');
  link.download = `${document.title.split(' · ')[0] ?? 'chart'}.png`;
  link.click();
}

define('sz-explore', SzExplore);
