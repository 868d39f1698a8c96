/** <sz-offline hidden>: the dark bar while there is no network; counts what is kept on this device (`sz:kept` {count}). */
import { define, Island } from './lib/island.ts';
import { t } from './lib/words.ts';

export class SzOffline extends Island {
  protected override start(): void {
    const show = () => (this.hidden = navigator.onLine);
    this.listen(window, 'online', show);
    this.listen(window, 'offline', show);
    this.listen<CustomEvent<{ count: number }>>(document, 'sz:kept', (event) => {
      const place = this.find('[data-kept]');
      if (place) place.textContent = event.detail.count ? ` · ${t('keptHere', { n: event.detail.count })}` : '';
    });
    show();
  }
}

define('sz-offline', SzOffline);
