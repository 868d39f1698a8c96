/** Says at `[data-saved]` where the work is: with the server, on its way, on this device. */
import { icon } from './island.ts';
import type { State } from './queue.ts';
import { t } from './words.ts';

const ICONS: Record<State, string> = { saved: 'cloud-check', saving: 'cloud-up', kept: 'cloud-off', fault: 'alert-triangle' };

export function showSaved(near: ParentNode, state: State, count: number, at: Date | null): void {
  const clock = at ? `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}` : '';
  const text = { saved: t('savedAt', { time: clock }), saving: t('saving'), kept: t('keptHere', { n: count }), fault: t('saveFault', { n: count || 1 }) }[state];
  const places = [...near.querySelectorAll<HTMLElement>('[data-saved]'), ...document.querySelectorAll<HTMLElement>('.sz-submit [data-saved]')];
  for (const place of places) {
    place.dataset['state'] = state;
    place.classList.add('sz-saved');
    place.replaceChildren(icon(ICONS[state]), text);
  }
  document.dispatchEvent(new CustomEvent('sz:kept', { detail: { count: state === 'kept' ? count : 0 } }));
}
