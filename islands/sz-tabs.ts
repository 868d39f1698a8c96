/**
 * <sz-tabs> around `role="tablist"` whose tabs name panels on this page: <a role="tab" href="#p-cost">.
 * Arrow keys move, the chosen tab is kept in the address (#…). Tabs that are pages of their own need no script.
 */
import { above, define, Island } from './lib/island.ts';

export class SzTabs extends Island {
  get tabs(): HTMLAnchorElement[] {
    return this.all<HTMLAnchorElement>('[role="tab"]');
  }

  protected override start(): void {
    this.listen(this, 'click', (event) => {
      const tab = above<HTMLAnchorElement>(event, '[role="tab"]');
      if (!tab) return;
      event.preventDefault();
      this.choose(tab, true);
    });
    this.listen<KeyboardEvent>(this, 'keydown', (event) => {
      const { tabs } = this;
      const at = tabs.indexOf(event.target as HTMLAnchorElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length]!;
      this.choose(next, true);
      next.focus();
    });
    const { tabs } = this;
    const named = tabs.find((tab) => tab.getAttribute('href') === location.hash);
    const first = named ?? tabs.find((tab) => tab.getAttribute('aria-selected') === 'true') ?? tabs[0];
    if (first) this.choose(first, false);
  }

  choose(tab: HTMLAnchorElement, remember: boolean): void {
    for (const other of this.tabs) {
      const on = other === tab;
      other.setAttribute('aria-selected', String(on));
      other.tabIndex = on ? 0 : -1;
      const panel = document.getElementById(other.getAttribute('href')?.slice(1) ?? '');
      if (panel) {
        panel.hidden = !on;
        panel.setAttribute('role', 'tabpanel');
        if (other.id) panel.setAttribute('aria-labelledby', other.id);
        other.setAttribute('aria-controls', panel.id);
      }
    }
    if (remember) history.replaceState(history.state, '', tab.getAttribute('href'));
  }
}

define('sz-tabs', SzTabs);
