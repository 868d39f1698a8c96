/**
 * Small behaviours by attribute, for the whole page:
 *   data-toggle="id"    opens and closes the element of that id (class is-open), and keeps aria-expanded
 *   data-copy="text"    copies it and says so            data-reveal="id"    shows and hides a password
 *   data-submit         on a select or box: sends its form when changed
 *   data-keep-place     on a form: the page it comes back to stands where it stood
 */
import { toast } from '../sz-toast.ts';
import { above, icon } from './island.ts';
import { t } from './words.ts';

const PLACE = 'sz-place';

export function startSparks(): void {
  document.addEventListener('click', (event) => {
    const toggle = above(event, '[data-toggle]');
    if (toggle) return open(toggle);
    const copy = above(event, '[data-copy]')?.dataset['copy'];
    if (copy) return void put(copy);
    const reveal = above<HTMLButtonElement>(event, '[data-reveal]');
    if (reveal) show(reveal);
  });
  document.addEventListener('change', (event) => {
    const field = above<HTMLInputElement>(event, '[data-submit]');
    field?.form?.requestSubmit();
  });
  document.addEventListener('submit', (event) => {
    if ((event.target as HTMLElement).matches('[data-keep-place]')) {
      sessionStorage.setItem(PLACE, JSON.stringify({ path: location.pathname, y: window.scrollY }));
    }
  });
  const kept = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (kept) {
    const { path, y } = JSON.parse(kept) as { path: string; y: number };
    if (path === location.pathname) window.scrollTo(0, y);
  }
}

function open(toggle: HTMLElement): void {
  const target = document.getElementById(toggle.dataset['toggle'] ?? '');
  const on = target?.classList.toggle('is-open') ?? false;
  toggle.setAttribute('aria-expanded', String(on));
}

async function put(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast({ text: t('copied', { what: text }), seconds: 3 });
  } catch {
    // no clipboard over plain http: show it, so that it can be copied by hand
    toast({ text: t('copyFailed', { what: text }), level: 'warning' });
  }
}

function show(button: HTMLButtonElement): void {
  const field = document.getElementById(button.dataset['reveal'] ?? '') as HTMLInputElement | null;
  if (!field) return;
  const hidden = field.type === 'password';
  field.type = hidden ? 'text' : 'password';
  button.setAttribute('aria-label', t(hidden ? 'hide' : 'show'));
  button.replaceChildren(icon(hidden ? 'eye-off' : 'eye'));
}
