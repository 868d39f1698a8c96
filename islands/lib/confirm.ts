/**
 * Asks before something that cannot be undone: a question, its button a verb with a count, what hangs on it listed.
 * On any form, button or htmx element:
 *   data-confirm="封存 3 辆车？" data-confirm-verb="封存 3 辆" data-confirm-keep="不封存"
 *   data-confirm-text="封存期间不能派车。" data-confirm-list="第一条|第二条"
 */
import { el } from './island.ts';
import { t } from './words.ts';

export interface Question {
  title: string;
  verb: string;
  keep?: string;
  text?: string;
  list?: string[];
}

/** Shows the question; true when the verb was pressed, false for the other button, Esc or a click outside. */
export function ask(question: Question): Promise<boolean> {
  return new Promise((done) => {
    const keep = el('button', { class: 'btn', type: 'button' }, question.keep ?? t('cancel'));
    const verb = el('button', { class: 'btn btn-primary', type: 'button' }, question.verb);
    const body = el('div', { class: 'sz-dialog-body' });
    if (question.text) body.append(el('p', {}, question.text));
    if (question.list?.length) {
      body.append(el('ul', { class: 'pt-list t-13' }, ...question.list.map((line) => el('li', {}, line))));
    }
    const dialog = el(
      'dialog',
      { class: 'sz-dialog', 'aria-labelledby': 'sz-ask-h' },
      el('div', { class: 'sz-dialog-head' }, el('h2', { id: 'sz-ask-h' }, question.title)),
      body,
      el('div', { class: 'sz-dialog-foot' }, keep, verb),
    );
    const end = (yes: boolean) => {
      dialog.close();
      dialog.remove();
      done(yes);
    };
    keep.addEventListener('click', () => end(false));
    verb.addEventListener('click', () => end(true));
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      end(false);
    });
    dialog.addEventListener('click', (event) => event.target === dialog && end(false));
    document.body.append(dialog);
    dialog.showModal();
    keep.focus();
  });
}

/** Reads the question off an element's attributes; null when it asks none. */
export function question(on: HTMLElement): Question | null {
  const data = on.dataset;
  const title = data['confirm'] ?? on.getAttribute('hx-confirm');
  if (!title) return null;
  return {
    title,
    verb: data['confirmVerb'] ?? on.textContent?.trim() ?? title,
    ...(data['confirmKeep'] ? { keep: data['confirmKeep'] } : {}),
    ...(data['confirmText'] ? { text: data['confirmText'] } : {}),
    list: data['confirmList']?.split('|').filter(Boolean) ?? [],
  };
}

/** Holds back plain forms that ask; htmx ones are asked by net.ts. */
export function startConfirming(): void {
  const agreed = new WeakSet<Element>();
  document.addEventListener(
    'submit',
    (event) => {
      const form = event.target as HTMLFormElement;
      const button = event.submitter as HTMLElement | null;
      const asking = button?.dataset['confirm'] ? button : form.dataset['confirm'] ? form : null;
      if (!asking || agreed.has(asking)) return void (asking && agreed.delete(asking));
      const what = question(asking);
      if (!what) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void ask(what).then((yes) => {
        if (!yes) return button?.focus();
        agreed.add(asking);
        form.requestSubmit(button as HTMLButtonElement | null);
      });
    },
    true,
  );
}
