/**
 * <sz-tree class="sz-tree">: a tree whose branches are fetched when opened (institutions: 1.5 million nodes).
 *   <ul role="tree"><li role="treeitem" aria-expanded="false" data-children="/org/tree/33/" data-id="33">
 *     <div class="nd"><button class="tw" tabindex="-1">›</button><a href="…">浙江省</a></div><ul role="group"></ul></li></ul>
 * The server answers with more <li>. Keys as in ARIA's tree: arrows, Home, End, Enter. Emits `sz:node` {id, label}
 * when a node is chosen and `data-choose` is set on the tree (then links do not lead away).
 */
import htmx from 'htmx.org';
import { above, define, Island } from './lib/island.ts';
import { toast } from './sz-toast.ts';
import { t } from './lib/words.ts';

type Load = (address: string, into: HTMLElement) => Promise<unknown>;

export class SzTree extends Island {
  /** How branches are fetched; tests bring their own. */
  load: Load = (address, into) => htmx.ajax('GET', address, { target: into, swap: 'innerHTML' });

  protected override start(): void {
    this.listen(this, 'click', (event) => {
      const item = above(event, '[role="treeitem"]');
      if (!item) return;
      if (above(event, '.tw')) return void this.toggle(item);
      if (above(event, '.nd') && this.hasAttribute('data-choose')) {
        event.preventDefault();
        this.choose(item);
      }
    });
    this.listen<KeyboardEvent>(this, 'keydown', (event) => this.#key(event));
    this.listen(this, 'focusin', (event) => {
      const item = above(event, '[role="treeitem"]');
      if (item) this.#rove(item);
    });
    const first = this.find('[role="treeitem"][aria-selected="true"]') ?? this.find('[role="treeitem"]');
    if (first) this.#rove(first);
  }

  /** Opens or closes a branch; fetches it the first time. */
  async toggle(item: HTMLElement, open = item.getAttribute('aria-expanded') !== 'true'): Promise<void> {
    if (!item.hasAttribute('aria-expanded')) return;
    const group = item.querySelector<HTMLElement>(':scope > [role="group"]');
    const address = item.dataset['children'];
    if (open && group && address && !group.childElementCount) {
      item.setAttribute('aria-busy', 'true');
      try {
        await this.load(address, group);
      } catch {
        toast({ text: t('treeFailed'), level: 'warning' });
        return;
      } finally {
        item.removeAttribute('aria-busy');
      }
    }
    item.setAttribute('aria-expanded', String(open));
    if (group) group.hidden = !open;
  }

  choose(item: HTMLElement): void {
    for (const other of this.all('[aria-selected="true"]')) other.setAttribute('aria-selected', 'false');
    item.setAttribute('aria-selected', 'true');
    const label = item.querySelector('.nd')?.textContent?.trim() ?? '';
    this.dispatchEvent(new CustomEvent('sz:node', { bubbles: true, detail: { id: item.dataset['id'] ?? '', label } }));
  }

  /** Items that can be seen, top to bottom. */
  get shown(): HTMLElement[] {
    return this.all('[role="treeitem"]').filter((item) => !item.parentElement?.closest('[role="treeitem"][aria-expanded="false"]'));
  }

  #rove(item: HTMLElement): void {
    for (const other of this.all('[role="treeitem"][tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
  }

  #key(event: KeyboardEvent): void {
    const item = above(event, '[role="treeitem"]');
    if (!item) return;
    const { shown } = this;
    const at = shown.indexOf(item);
    const open = item.getAttribute('aria-expanded');
    const go = (to: HTMLElement | null | undefined) => to?.focus();
    if (event.key === 'ArrowDown') go(shown[at + 1]);
    else if (event.key === 'ArrowUp') go(shown[at - 1]);
    else if (event.key === 'Home') go(shown[0]);
    else if (event.key === 'End') go(shown[shown.length - 1]);
    else if (event.key === 'ArrowRight') open === 'false' ? void this.toggle(item, true) : open && go(shown[at + 1]);
    else if (event.key === 'ArrowLeft') open === 'true' ? void this.toggle(item, false) : go(item.parentElement?.closest<HTMLElement>('[role="treeitem"]'));
    else if (event.key === 'Enter' && event.target === item) this.hasAttribute('data-choose') ? this.choose(item) : item.querySelector<HTMLElement>('.nd a')?.click();
    else return;
    event.preventDefault();
  }
}

define('sz-tree', SzTree);
