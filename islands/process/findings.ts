/** What the check before publishing says, and the publishing that waits for it. Both designers use it. */
import { ask } from '../lib/confirm.ts';
import type { Answer, Draft, Keeping } from '../lib/draft.ts';
import { el, icon } from '../lib/island.ts';
import { say } from './words.ts';

export interface Finding {
  /** The element of the drawing. */
  id: string;
  /** The step of the simple view it lies at, and the way of a branch, or −1. */
  at: string;
  arm: number;
  message: string;
}
export interface Told {
  faults: Finding[];
  doubts: Finding[];
  svg: string;
  isDraft: boolean;
}

const form = (): HTMLFormElement | null => document.querySelector('form[data-after-drawing]');

/** Says beside the button whether it may be pressed. */
export function standing(told: Told): void {
  const place = document.querySelector<HTMLElement>('[data-standing]');
  const { faults, doubts } = told;
  const [tone, name, text] = faults.length ? (['over', 'circle-x', say('mustMend', { n: faults.length })] as const) : doubts.length ? (['warn', 'alert-triangle', say('doubtful', { n: doubts.length })] as const) : (['ok', 'circle-check', say('mayPublish')] as const);
  if (place) {
    place.className = `t-13 sz-state ${tone}`;
    place.replaceChildren(icon(name), text);
  }
  const button = form()?.querySelector<HTMLButtonElement>('[data-publish]');
  if (button) button.disabled = faults.length > 0 || !told.isDraft;
}

/** All of them as a list; `whose` names what a finding is about, `find` says to the island where it is. */
export function checkList(told: Told, whose: (finding: Finding) => string, find: (finding: Finding) => Record<string, string>): HTMLElement[] {
  const row = (f: Finding, fault: boolean) => {
    const name = whose(f);
    return el('li', { class: `fd-note ${fault ? 'over' : 'warn'}` }, icon(fault ? 'circle-x' : 'alert-triangle'), el('span', {}, ...(name ? [el('b', {}, `${name}：`)] : []), f.message), el('button', { class: 'btn btn-quiet btn-sm', type: 'button', ...find(f) }, say('locate')));
  };
  const all = [...told.faults.map((f) => row(f, true)), ...told.doubts.map((f) => row(f, false))];
  const list = all.length ? el('ul', { class: 'fd-checks' }, ...all) : el('p', { class: 'fd-sound sz-state ok' }, icon('circle-check'), say('sound'));
  return [el('div', { class: 'sz-card-head' }, el('h2', {}, say('checks'))), list];
}

/** The first change of a published edition began the draft of the next one: from now on the page is that draft's. */
export function begun(answer: Answer, keeping: Keeping): void {
  if (typeof answer['saveUrl'] !== 'string') return;
  keeping.url = answer['saveUrl'];
  history.replaceState(null, '', answer['at'] as string);
  form()?.setAttribute('action', answer['publishUrl'] as string);
}

/** Publishing goes when all is stored and nothing is at fault; doubts are asked about first. */
export function holdPublishing(island: HTMLElement, draft: Draft, told: () => Told): void {
  let agreed = false;
  const publish = async (on: HTMLFormElement) => {
    await draft.flush();
    if (draft.dirty || told().faults.length) return;
    const list = told().doubts.map((d) => d.message);
    agreed = !list.length || (await ask({ title: say('publishAsk', { n: list.length }), list, verb: say('publishAnyway'), keep: say('look') }));
    if (agreed) setTimeout(() => on.requestSubmit()); // a form that is being sent is not sent again before that has ended
  };
  document.addEventListener('submit', (event) => {
    const on = event.target as HTMLFormElement;
    if (agreed || !island.isConnected || !on.matches('form[data-after-drawing]')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void publish(on);
  }, true); // prettier-ignore
}
