/** What was opened last, kept in this browser only and forgotten on signing out. A page says what it is in `<meta name="sz-recent">`. */

export interface Recent {
  url: string;
  label: string;
  kind: string;
  icon: string;
}

const KEY = 'sz-recent';
const MOST = 8;

/** Last opened first; nothing when the store is unreadable (private windows, old versions). */
export function recents(): Recent[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter(isRecent) : [];
  } catch {
    return [];
  }
}

/** Puts a page in front; an address stands only once. */
export function remember(page: Recent): void {
  const kept = [page, ...recents().filter((known) => known.url !== page.url)].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // a full or closed store: the list is a comfort, the page works without it
  }
}

/** Keeps the page that is open, and forgets all on signing out: the next person at this desk sees nothing of it. */
export function startRecent(): void {
  const said = document.querySelector<HTMLMetaElement>('meta[name="sz-recent"]');
  if (said) {
    const { label = '', kind = '', icon = 'file-text' } = said.dataset;
    remember({ url: location.pathname, label, kind, icon });
  }
  document.addEventListener('submit', (event) => {
    if (event.target instanceof HTMLFormElement && event.target.action.includes('logout')) localStorage.removeItem(KEY);
  });
}

function isRecent(value: unknown): value is Recent {
  const item = value as Recent;
  // only addresses of this site: what is stored is drawn as a link
  return typeof item?.url === 'string' && item.url.startsWith('/') && !item.url.startsWith('//') && typeof item.label === 'string';
}
