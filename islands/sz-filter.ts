/** <sz-filter>: narrows a long list of choices while typing in `[data-narrow]`; an item's `data-keys` (pinyin) counts too. */
import { define, Island } from './lib/island.ts';

export class SzFilter extends Island {
  protected override start(): void {
    const box = this.find<HTMLInputElement>('[data-narrow]');
    if (!box) return;
    this.listen(box, 'input', () => this.narrow(box.value));
    this.listen<KeyboardEvent>(box, 'keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      this.all('li').find((item) => !item.hidden)?.querySelector<HTMLElement>('a, input, button')?.click();
    });
  }

  narrow(text: string): void {
    const wanted = text.trim().toLowerCase();
    for (const item of this.all('li')) {
      const has = `${item.textContent ?? ''} ${item.dataset['keys'] ?? ''}`.toLowerCase();
      item.hidden = wanted !== '' && !has.includes(wanted);
    }
  }
}

define('sz-filter', SzFilter);
