/** <sz-density data-url="…">: buttons `data-set="compact|standard|relaxed"`; applies at once and keeps it for the person. */
import { above, csrf, define, Island } from './lib/island.ts';
import { toast } from './sz-toast.ts';
import { t } from './lib/words.ts';

export class SzDensity extends Island {
  protected override start(): void {
    this.listen(this, 'click', (event) => {
      const button = above(event, '[data-set]');
      if (button?.dataset['set']) void this.set(button.dataset['set']);
    });
    this.#mark(document.body.dataset['density'] ?? 'standard');
  }

  async set(density: string): Promise<void> {
    document.body.dataset['density'] = density;
    this.#mark(density);
    const address = this.dataset['url'];
    if (!address) return;
    const body = new URLSearchParams({ density });
    try {
      const answer = await fetch(address, { method: 'POST', body, headers: { 'X-CSRFToken': csrf() } });
      if (!answer.ok) toast({ text: t('serverError'), level: 'warning' });
    } catch {
      toast({ text: t('offline'), level: 'warning' });
    }
  }

  #mark(density: string): void {
    for (const button of this.all('[data-set]')) button.setAttribute('aria-pressed', String(button.dataset['set'] === density));
  }
}

define('sz-density', SzDensity);
