/** Words to pick from: a click on `[data-phrase]` puts them into the text box of the same item, form or list entry. */
import { above } from './island.ts';

export function startPhrases(): void {
  document.addEventListener('click', (event) => {
    const chip = above(event, '[data-phrase]');
    const box = chip?.closest('li, form')?.querySelector<HTMLTextAreaElement>('textarea');
    if (!chip || !box) return;
    const phrase = chip.dataset['phrase'] ?? '';
    const text = box.value.trim();
    if (!text.includes(phrase)) box.value = text ? `${text}；${phrase}` : phrase;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    box.focus();
  });
}
