/**
 * <sz-autosave data-url="…" data-version="3" data-place="profile-17"> around a form: every change is kept on this device
 * and sent (lib/queue.ts has the request and the answers); `[data-saved]` inside says 09:41 已自动保存.
 * What was not sent when the page closed is put back into the fields when it opens again.
 */
import { csrf, define, Island } from './lib/island.ts';
import { Queue } from './lib/queue.ts';
import { showSaved } from './lib/saved.ts';
import { toast } from './sz-toast.ts';
import { t } from './lib/words.ts';

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export class SzAutosave extends Island {
  #queue: Queue | null = null;

  protected override start(): void {
    const queue = new Queue({
      url: this.dataset['url'] ?? '',
      place: `sz-auto:${this.dataset['place'] ?? location.pathname}`,
      version: Number(this.dataset['version'] ?? 0),
      token: csrf,
      onState: (state, count, at) => showSaved(this, state, count, at),
      onAnswer: (answer, status) => {
        if (status === 409) toast({ text: t('conflict', { n: Object.keys(answer.conflicts ?? {}).length }), level: 'warning' });
        for (const [name, sentence] of Object.entries(answer.faults ?? {})) this.#fault(name, sentence);
      },
    });
    this.#queue = queue;
    for (const [name, value] of Object.entries(queue.pending)) {
      const field = this.#field(name);
      if (field instanceof HTMLInputElement && field.type === 'checkbox') field.checked = value === true;
      else if (field) field.value = String(value ?? '');
    }
    this.listen(this, 'change', (event) => {
      const field = event.target as Field;
      if (!field.name) return;
      const value = field instanceof HTMLInputElement && field.type === 'checkbox' ? field.checked : field.value;
      this.#fault(field.name, '');
      queue.put({ [field.name]: value });
    });
    this.listen(window, 'online', () => void queue.flush());
  }

  protected override stop(): void {
    this.#queue?.stop();
  }

  #field(name: string): Field | null {
    return this.find<HTMLInputElement>(`[name="${CSS.escape(name)}"]`);
  }

  #fault(name: string, sentence: string): void {
    const field = this.#field(name);
    if (!field) return;
    field.classList.toggle('is-invalid', sentence !== '');
    field.toggleAttribute('aria-invalid', sentence !== '');
    field.setCustomValidity(sentence);
    field.title = sentence;
  }
}

define('sz-autosave', SzAutosave);
