/**
 * <sz-process>: the simple designer of a process, steps down a page. Reads from its JSON block the simple view, version, addresses,
 * what rules may name, faults, doubts and the diagram; draws into `[data-process]`; keeps every change (lib/draft.ts):
 *   PUT {saveUrl} {"version", "simple"} → 200 {"version", "faults", "doubts", "svg"} · 409 {"version", "simple", "message"}
 * A form `[data-after-drawing]` (publishing) goes when all is stored and nothing is at fault; doubts are asked about first.
 */
import { ask } from './lib/confirm.ts';
import { type Answer, Draft, type Keeping } from './lib/draft.ts';
import { above, define, el, icon, Island, typing } from './lib/island.ts';
import { t } from './lib/words.ts';
import { drawForm, drawSteps, notes, type Seen } from './process/canvas.ts';
import { begun, checkList, type Finding, holdPublishing, standing, type Told } from './process/findings.ts';
import { copied, find, freeCode, freeId, type Gate, type Kind, type Node, type Process, put, shift, type Slot, slotOf, steps, walk } from './process/model.ts';
import { type Host, panelOf, type Picked } from './process/panel.ts';
import type { Offered } from './process/rules.ts';
import { say, type Word } from './process/words.ts';
import { toast } from './sz-toast.ts';

interface Data extends Offered, Told {
  simple: Process;
  version: number;
  saveUrl: string;
  place: string;
}

export class SzProcess extends Island implements Host, Seen {
  process!: Process;
  of!: Offered;
  picked: Picked = { kind: 'process' };
  open = '';
  #tab: 'steps' | 'form' = 'steps';
  #told!: Told;
  #draft!: Draft;
  #past: string[] = [];
  #future: string[] = [];
  #now = '';
  #key = '';
  #dragged = '';

  protected override start(): void {
    const source = this.find('script[type="application/json"]');
    if (!source) return;
    const data = JSON.parse(source.textContent ?? '') as Data;
    this.process = data.simple;
    this.of = this.#told = data;
    const keeping: Keeping = {
      place: data.place, url: data.saveUrl, version: data.version, method: 'PUT', body: () => ({ simple: this.process }),
      took: (answer) => this.#took(answer, keeping), clash: (answer) => this.#clash(answer, keeping),
    }; // prettier-ignore
    this.#draft = new Draft(keeping);
    const kept = this.#draft.kept();
    if (kept) this.process = kept['simple'] as Process;
    this.#now = JSON.stringify(this.process);
    this.listen(this, 'click', (event) => this.#click(event));
    this.listen<KeyboardEvent>(document, 'keydown', (event) => this.#keys(event));
    for (const type of ['dragstart', 'dragover', 'dragleave', 'drop', 'dragend']) this.listen<DragEvent>(this, type, (event) => this.#drag(event));
    this.listen(window, 'online', () => void this.#draft.flush());
    holdPublishing(this, this.#draft, () => this.#told);
    this.draw();
  }

  said(id: string, arm = -1): { text: string; fault: boolean }[] {
    const here = (f: Finding) => (id ? f.at === id && f.arm === arm : !this.#placed(f));
    return [...this.#told.faults.filter(here).map((f) => ({ text: f.message, fault: true })), ...this.#told.doubts.filter(here).map((f) => ({ text: f.message, fault: false }))];
  }

  #placed(finding: Finding): boolean {
    return find(this.process, finding.at) !== undefined || this.process.fields.some((f) => f.code === finding.at);
  }

  // Changing

  changed(key = ''): void {
    if (!key || key !== this.#key) this.#past.push(this.#now);
    this.#past.splice(0, Math.max(0, this.#past.length - 200));
    this.#key = key;
    this.#now = JSON.stringify(this.process);
    this.#future = [];
    this.#draft.changed();
    this.#drawMain();
  }

  pick(picked: Picked): void {
    this.picked = picked;
    this.#key = '';
    this.open = '';
    this.draw();
    this.find('.fd-side')?.classList.add('is-open');
  }

  #step(from: string[], to: string[]): void {
    const state = from.pop();
    if (state === undefined) return;
    to.push(this.#now);
    this.#now = state;
    this.#key = '';
    this.process = JSON.parse(state) as Process;
    this.#draft.changed();
    this.draw();
  }

  undo(): void {
    this.#step(this.#past, this.#future);
  }

  redo(): void {
    this.#step(this.#future, this.#past);
  }

  #slot(key: string): Slot | undefined {
    const [path = '', at = '0'] = key.split('|');
    if (!path) return { list: this.process.steps, at: Number(at) };
    const [id = '', arm = '0'] = path.split('/');
    const gate = find(this.process, id);
    const list = gate && gate.type !== 'step' ? gate.arms[Number(arm)]?.steps : undefined;
    return list && { list, at: Number(at) };
  }

  #add(key: string, kind: Kind | Gate['type']): void {
    const slot = this.#slot(key);
    if (!slot) return;
    const step = (what: Kind, id: string): Node => ({ type: 'step', id, name: say(what), kind: what, mode: 'single', who: [], cc: [] });
    const id = freeId(this.process, kind === 'branch' || kind === 'together' ? kind : 'step');
    let node: Node;
    const first = freeId(this.process, 'step');
    if (kind === 'branch') node = { type: kind, id, name: '', arms: [{ name: say('arm', { n: 1 }), when: this.#example(), steps: [step('approve', first)] }, { name: say('otherwise'), when: '', steps: [] }] };
    else if (kind === 'together') {
      node = { type: kind, id, name: '', arms: [{ name: say('arm', { n: 1 }), steps: [step('approve', first)] }, { name: say('arm', { n: 2 }), steps: [step('approve', freeId(this.process, 'step', [first]))] }] };
    } else node = step(kind, id);
    slot.list.splice(slot.at, 0, node);
    this.open = '';
    this.picked = kind === 'branch' ? { kind: 'arm', id, arm: 0 } : { kind: 'node', id };
    this.changed();
    this.pick(this.picked);
    const name = kind === 'branch' ? null : this.find<HTMLInputElement>('.fd-side [data-key="name"]');
    name?.focus();
    name?.select();
  }

  /** A first condition: of the first field that has order or choices. */
  #example(): string {
    const item = this.process.fields.find((f) => f.kind === 'money' || f.kind === 'number') ?? this.process.fields.find((f) => f.kind === 'choice' && f.options?.length);
    if (!item) return 'is_urgent = true';
    return item.kind === 'choice' ? `${item.code} = "${item.options![0]}"` : `${item.code} > 5000`;
  }

  #drop(id: string): void {
    const slot = slotOf(this.process.steps, id);
    const node = slot?.list[slot.at];
    if (!slot || !node) return;
    slot.list.splice(slot.at, 1);
    const next = slot.list[slot.at] ?? slot.list[slot.at - 1];
    this.picked = next ? { kind: 'node', id: next.id } : { kind: 'process' };
    this.changed();
    this.draw();
    toast({ text: say('gone', { name: node.name || say((node.type === 'step' ? node.kind ?? 'approve' : node.type) as Word) }), level: 'info' });
    this.#focusPicked();
  }

  #click(event: Event): void {
    const picked = above<HTMLElement>(event, '[data-pick]');
    if (picked) return this.pick(JSON.parse(picked.dataset['pick']!) as Picked);
    const target = above<HTMLElement>(event, '[data-do]');
    if (!target) return;
    const [what = '', a = '', b = '', c = ''] = target.dataset['do']!.split('|');
    const gate = what.startsWith('arm') ? (find(this.process, a) as Gate | undefined) : undefined;
    if (what === 'open' || what === 'shut') {
      this.open = what === 'open' ? `${a}|${b}` : '';
      this.#drawMain();
      this.find<HTMLElement>(this.open ? '.fd-palette button' : '.fd-pick.is-picked')?.focus();
    } else if (what === 'add') this.#add(`${a}|${b}`, c as Kind);
    else if (what === 'drop') this.#drop(a);
    else if (what === 'undo') this.undo();
    else if (what === 'redo') this.redo();
    else if (what === 'tab') this.#turn(a as 'steps' | 'form');
    else if (what === 'close') this.find('.fd-side')?.classList.remove('is-open');
    else if (what === 'goto') this.#goto(JSON.parse(target.dataset['finding']!) as Finding);
    else if (this.#change(what, a, b, gate)) {
      this.changed();
      this.draw();
      this.#focusPicked();
    }
  }

  #change(what: string, a: string, b: string, gate: Gate | undefined): boolean {
    const { fields } = this.process;
    if (what === 'shift') return shift(this.process, a, Number(b) as 1 | -1);
    if (what === 'twin') {
      const slot = slotOf(this.process.steps, a)!;
      const copy = copied(this.process, slot.list[slot.at]!);
      slot.list.splice(slot.at + 1, 0, copy);
      this.picked = { kind: 'node', id: copy.id };
    } else if (what === 'arm-add' && gate) {
      const arm = { name: say('arm', { n: gate.arms.length + 1 }), ...(gate.type === 'branch' ? { when: this.#example() } : {}), steps: [] };
      // before the way for all other cases, which stays the last
      const at = gate.type === 'branch' && !gate.arms[gate.arms.length - 1]?.when ? gate.arms.length - 1 : gate.arms.length;
      gate.arms.splice(at, 0, arm);
      this.picked = { kind: 'arm', id: gate.id, arm: at };
    } else if (what === 'arm-up' && gate) gate.arms.splice(Number(b) - 1, 0, ...gate.arms.splice(Number(b), 1));
    else if (what === 'arm-drop' && gate) {
      gate.arms.splice(Number(b), 1);
      this.picked = { kind: 'node', id: gate.id };
    } else if (what === 'field-add') {
      const code = freeCode(this.process);
      fields.push({ code, label: say('newField', { n: fields.length + 1 }), kind: 'text' });
      this.picked = { kind: 'field', code };
    } else if (what === 'field' && fields[Number(a) + Number(b)]) fields.splice(Number(a) + Number(b), 0, ...fields.splice(Number(a), 1));
    else if (what === 'field-drop') {
      const [gone] = fields.splice(Number(a), 1);
      for (const node of steps(this.process)) if (gone && node.fields) delete node.fields[gone.code];
      this.picked = { kind: 'process' };
    } else return false;
    return true;
  }

  #turn(tab: 'steps' | 'form'): void {
    this.#tab = tab;
    const first = this.process.fields[0];
    this.picked = tab === 'form' && first ? { kind: 'field', code: first.code } : { kind: 'process' };
    this.draw();
    this.find<HTMLElement>(`[data-do="tab|${tab}"]`)?.focus();
  }

  #goto(finding: Finding): void {
    const isField = this.process.fields.some((f) => f.code === finding.at);
    this.#tab = isField ? 'form' : 'steps';
    const node = find(this.process, finding.at);
    this.pick(isField ? { kind: 'field', code: finding.at } : !node ? { kind: 'process' } : finding.arm >= 0 && node.type !== 'step' ? { kind: 'arm', id: node.id, arm: finding.arm } : { kind: 'node', id: node.id });
    this.#focusPicked();
  }

  #focusPicked(): void {
    const on = this.find<HTMLElement>('.fd-main .is-picked');
    on?.focus({ preventScroll: true });
    on?.scrollIntoView({ block: 'nearest' });
  }

  // Keys and dragging

  #keys(event: KeyboardEvent): void {
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !typing(event) && (key === 'z' || key === 'y')) {
      event.preventDefault();
      return key === 'y' || event.shiftKey ? this.redo() : this.undo();
    }
    if (event.key === 'Escape' && this.open && this.contains(document.activeElement)) {
      const at = this.open;
      this.open = '';
      this.#drawMain();
      return this.find<HTMLElement>(`[data-slot="${at}"]`)?.focus();
    }
    const on = document.activeElement;
    if (!(on instanceof HTMLElement) || !on.matches('.fd-main .fd-pick')) return;
    if (event.key === 'Delete' && this.picked.kind === 'node') {
      event.preventDefault();
      return this.#drop(this.picked.id);
    }
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    const by = event.key === 'ArrowUp' ? -1 : 1;
    if (event.altKey) {
      if (this.picked.kind !== 'node' || !shift(this.process, this.picked.id, by)) return;
      this.changed();
      return this.#focusPicked();
    }
    const all = this.all('.fd-main .fd-pick');
    const next = all[all.indexOf(on) + by];
    if (!next) return;
    this.picked = JSON.parse(next.dataset['pick']!) as Picked;
    this.draw();
    this.#focusPicked();
  }

  #drag(event: DragEvent): void {
    const box = above<HTMLElement>(event, '[data-node], [data-field]');
    const slot = above<HTMLElement>(event, '[data-slot]') ?? above<HTMLElement>(event, '.fd-slot')?.querySelector<HTMLElement>('[data-slot]') ?? null;
    if (event.type === 'dragstart' && box) {
      this.#dragged = box.dataset['node'] ?? `#${box.dataset['field']}`;
      event.dataTransfer?.setData('text/plain', this.#dragged);
      this.classList.add('is-dragging');
    } else if (event.type === 'dragend') this.classList.remove('is-dragging');
    else if (event.type === 'dragover' && (this.#dragged.startsWith('#') ? box?.dataset['field'] : slot)) {
      event.preventDefault();
      (slot ?? box)?.classList.add('is-over');
    } else if (event.type === 'dragleave') (slot ?? box)?.classList.remove('is-over');
    else if (event.type === 'drop') this.#dropped(event, box, slot);
  }

  #dropped(event: DragEvent, box: HTMLElement | null, slot: HTMLElement | null): void {
    event.preventDefault();
    this.classList.remove('is-dragging');
    if (this.#dragged.startsWith('#')) {
      const { fields } = this.process;
      const [from, to] = [Number(this.#dragged.slice(1)), Number(box?.dataset['field'] ?? NaN)];
      if (Number.isNaN(to) || from === to) return;
      fields.splice(to, 0, ...fields.splice(from, 1));
      return this.changed();
    }
    const to = slot && this.#slot(slot.dataset['slot']!);
    if (!to || !put(this.process, this.#dragged, to)) return;
    this.picked = { kind: 'node', id: this.#dragged };
    this.changed();
    this.#focusPicked();
  }

  // With the server

  #took(answer: Answer, keeping: Keeping): void {
    this.#told = { ...this.#told, ...(answer as unknown as Told) };
    begun(answer, keeping);
    this.#told.isDraft = true;
    this.#drawMain();
    this.#drawSaid();
    this.#drawBeside();
  }

  /** Somebody else saved meanwhile: both are named, one goes on; the other is not thrown away unasked. */
  async #clash(answer: Answer, keeping: Keeping): Promise<boolean> {
    const theirs = answer['simple'] as Process;
    const count = (process: Process) => say('count', { steps: [...walk(process.steps)].length, fields: process.fields.length });
    const list = [`${t('keepMine')}：${count(this.process)}`, `${t('takeTheirs')}：${count(theirs)}`];
    const mine = await ask({ title: answer.message ?? '', list, verb: t('keepMine'), keep: t('takeTheirs') });
    keeping.url = (answer['saveUrl'] as string | undefined) ?? keeping.url;
    if (mine) return true;
    this.#past.push(this.#now); // theirs can be undone, too
    this.process = theirs;
    this.#now = JSON.stringify(theirs);
    this.picked = { kind: 'process' };
    this.draw();
    return false;
  }

  // Drawing

  draw(): void {
    const place = this.find('[data-process]');
    if (!place) return;
    if (!this.find('.fd')) {
      const main = el('div', { class: 'fd-main sz-card' });
      const beside = el('div', { class: 'fd-beside' });
      place.replaceChildren(el('div', { class: 'fd' }, main, el('aside', { class: 'fd-side sz-card', 'aria-label': say('settings') }), beside));
    }
    this.#drawMain();
    this.redraw();
    this.#drawBeside();
  }

  #drawMain(): void {
    const main = this.find('.fd-main');
    if (!main) return;
    const held = document.activeElement instanceof HTMLElement && main.contains(document.activeElement) ? document.activeElement.dataset['pick'] ?? document.activeElement.dataset['do'] : undefined;
    const tabs = (['steps', 'form'] as const).map((tab) => el('button', { type: 'button', 'data-do': `tab|${tab}`, 'aria-pressed': String(tab === this.#tab) }, say(tab)));
    const button = (what: 'undo' | 'redo', name: string, on: boolean) => {
      const made = el('button', { class: 'btn btn-quiet btn-sm', type: 'button', 'data-do': what }, icon(name), say(what));
      made.disabled = !on;
      return made;
    };
    const bar = el('div', { class: 'fd-bar' }, el('div', { class: 'sz-seg', role: 'group' }, ...tabs), el('span', { class: 'push' }), button('undo', 'arrow-back-up', this.#past.length > 0), button('redo', 'arrow-forward-up', this.#future.length > 0));
    main.replaceChildren(bar, this.#tab === 'steps' ? drawSteps(this) : drawForm(this));
    if (held) main.querySelector<HTMLElement>(`[data-pick='${CSS.escape(held).replace(/\\/g, '')}'], [data-do='${held}']`)?.focus({ preventScroll: true });
    this.#mark();
  }

  redraw(): void {
    const side = this.find('.fd-side');
    if (!side) return;
    const key = side.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset['key'] : undefined;
    const { title, parts } = panelOf(this, this.picked);
    const close = el('button', { class: 'btn btn-quiet btn-sm fd-close', type: 'button', 'data-do': 'close' }, icon('chevron-down'), say('close'));
    side.replaceChildren(el('div', { class: 'sz-card-head' }, el('h2', {}, title), close), el('div', { class: 'fd-said', 'aria-live': 'polite' }), el('div', { class: 'fd-parts' }, ...parts));
    this.#drawSaid();
    if (key) side.querySelector<HTMLElement>(`[data-key="${key}"]`)?.focus();
  }

  /** What is wrong with what is picked, said in the panel, too: one sees it while typing. */
  #drawSaid(): void {
    const { picked } = this;
    const here = picked.kind === 'process' ? this.said('') : picked.kind === 'field' ? this.said(picked.code) : this.said(picked.id, picked.kind === 'arm' ? picked.arm : -1);
    this.find('.fd-said')?.replaceChildren(...notes(here));
  }

  #drawBeside(): void {
    const beside = this.find('.fd-beside');
    if (!beside) return;
    const { svg } = this.#told;
    const place = (f: Finding) => ({ 'data-do': 'goto', 'data-finding': JSON.stringify(f) });
    const checks = el('section', { class: 'sz-card', 'aria-live': 'polite' }, ...checkList(this.#told, (f) => this.#whose(f), place));
    const drawing = svg ? document.importNode(new DOMParser().parseFromString(svg, 'text/html').body.firstElementChild!, true) : el('p', { class: 't-2' }, say('noMap'));
    const map = el('section', { class: 'sz-card fd-map' }, el('div', { class: 'sz-card-head' }, el('h2', {}, say('map')), el('span', { class: 'n' }, say('mapNote'))), el('div', { class: 'ap-flow', tabindex: '0', role: 'region', 'aria-label': say('map') }, drawing));
    beside.replaceChildren(checks, map);
    standing(this.#told);
    this.#mark();
  }

  /** The name of the step that a finding is about, where it is told away from it. */
  #whose(finding: Finding): string {
    const node = find(this.process, finding.at);
    if (node) return node.name || say((node.type === 'step' ? 'steps' : node.type) as Word);
    return this.process.fields.find((f) => f.code === finding.at)?.label ?? '';
  }

  /** What is picked stands out in the diagram, too. */
  #mark(): void {
    const id = this.picked.kind === 'node' || this.picked.kind === 'arm' ? this.picked.id : '';
    for (const shape of this.all<SVGGElement>('.fd-map [data-id]')) shape.classList.toggle('is-picked', shape.dataset['id'] === id);
  }
}

define('sz-process', SzProcess);
