/** <sz-recent data-empty="…">: fills its `[data-list]` with what was opened last in this browser (lib/recent.ts). */
import { define, el, icon, Island } from './lib/island.ts';
import { recents } from './lib/recent.ts';

export class SzRecent extends Island {
  protected override start(): void {
    const list = this.find('[data-list]');
    if (!list) return;
    const found = recents();
    list.replaceChildren(
      ...found.map((page) =>
        el('li', {}, icon(page.icon, 't-3'), el('a', { class: 'plain grow ellipsis', href: page.url }, page.label), el('span', { class: 't-12 t-3 nowrap' }, page.kind)),
      ),
    );
    if (!found.length) list.append(el('li', { class: 't-3' }, this.dataset['empty'] ?? ''));
  }
}

define('sz-recent', SzRecent);
