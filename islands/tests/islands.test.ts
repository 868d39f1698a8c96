import assert from 'node:assert/strict';
import test from 'node:test';
import { page, press, soon } from '../lib/testing.ts';
import { ask, question } from '../lib/confirm.ts';
import { sentence } from '../lib/net.ts';
import { SzColumns } from '../sz-columns.ts';
import { SzDialog } from '../sz-dialog.ts';
import { SzFilter } from '../sz-filter.ts';
import { pause, SzLive } from '../sz-live.ts';
import { SzMenu } from '../sz-menu.ts';
import { SzSearch } from '../sz-search.ts';
import { SzTable } from '../sz-table.ts';
import { SzTabs } from '../sz-tabs.ts';
import { toast } from '../sz-toast.ts';
import { SzTree } from '../sz-tree.ts';

document.documentElement.lang = 'zh-CN';

test('a menu opens with the arrows, moves, and Esc brings the focus back', () => {
  const menu = page<SzMenu>(
    '<sz-menu><button aria-haspopup="menu" aria-expanded="false">m</button><div data-panel hidden><a role="menuitem" href="#a">导出</a><a role="menuitem" href="#b">print</a></div></sz-menu>',
    'sz-menu',
  );
  const button = menu.button!;
  press(button, 'ArrowDown');
  assert.equal(button.getAttribute('aria-expanded'), 'true');
  assert.equal(document.activeElement?.textContent, '导出');
  press(document.activeElement!, 'ArrowDown');
  assert.equal(document.activeElement?.textContent, 'print');
  press(document.activeElement!, 'Escape');
  assert.equal(menu.isOpen, false);
  assert.equal(document.activeElement, button);
});

test('a click elsewhere closes a menu', () => {
  const menu = page<SzMenu>('<sz-menu><button aria-haspopup="menu">m</button><div data-panel hidden></div></sz-menu><p>x</p>', 'sz-menu');
  menu.button!.click();
  assert.equal(menu.isOpen, true);
  document.querySelector('p')!.click();
  assert.equal(menu.isOpen, false);
});

const ROWS = `<sz-table data-total="186" data-noun="辆"><input type="hidden" name="all" value="">
  <div data-bulk hidden><b data-count></b><button type="button" data-choose-all></button></div><table><thead><tr><th><input type="checkbox" data-all></th></tr></thead>
  <tbody>${[1, 2, 3].map((n) => `<tr><td><input type="checkbox" name="id" value="${n}"></td><td><a href="#${n}">${n}</a></td></tr>`).join('')}</tbody></table></sz-table>`;

test('choosing rows opens the bar; all N rows can be chosen', () => {
  const table = page<SzTable>(ROWS, 'sz-table');
  table.boxes[0]!.click();
  const bar = table.querySelector<HTMLElement>('[data-bulk]')!;
  assert.equal(bar.hidden, false);
  assert.equal(bar.querySelector('[data-count]')!.textContent, '已选 1 辆');
  assert.equal(table.querySelector<HTMLInputElement>('[data-all]')!.indeterminate, true);
  bar.querySelector('button')!.click();
  assert.equal(table.querySelector<HTMLInputElement>('[name=all]')!.value, '1');
  assert.equal(bar.querySelector('[data-count]')!.textContent, '已选全部 186 辆');
  table.boxes[1]!.click();
  assert.equal(table.querySelector<HTMLInputElement>('[name=all]')!.value, '');
});

test('J, K and X work on rows, but not while typing', () => {
  const table = page<SzTable>(`${ROWS}<input id="other">`, 'sz-table');
  press(document.body, 'j');
  press(document.body, 'j');
  assert.equal(document.activeElement?.textContent, '2');
  press(document.body, 'x');
  assert.deepEqual(table.boxes.map((box) => box.checked), [false, true, false]);
  press(document.querySelector('#other')!, 'k');
  assert.equal(table.querySelector('.is-key a')!.textContent, '2');
});

test('tabs show one panel and remember it in the address', () => {
  const tabs = page<SzTabs>(
    '<sz-tabs><div role="tablist"><a role="tab" href="#a" aria-selected="true">A</a><a role="tab" href="#b">B</a></div><div id="a"></div><div id="b"></div></sz-tabs>',
    'sz-tabs',
  );
  press(tabs.tabs[0]!, 'ArrowRight');
  assert.equal(document.getElementById('a')!.hidden, true);
  assert.equal(document.getElementById('b')!.hidden, false);
  assert.equal(location.hash, '#b');
});

test('columns move by key; locked ones neither move nor give way', () => {
  const item = (name: string, locked = '') => `<li data-column="${name}" ${locked}><span class="sz-grip" tabindex="0"></span><label>${name}</label></li>`;
  const columns = page<SzColumns>(`<sz-columns><ul>${item('plate', 'data-locked')}${item('model')}${item('use')}</ul></sz-columns>`, 'sz-columns');
  const order = () => [...columns.querySelectorAll<HTMLElement>('li')].map((li) => li.dataset['column']).join();
  press(columns.querySelectorAll('.sz-grip')[2]!, 'ArrowUp');
  assert.equal(order(), 'plate,use,model');
  press(columns.querySelectorAll('.sz-grip')[1]!, 'ArrowUp');
  assert.equal(order(), 'plate,use,model');
});

test('a list of choices narrows by text and pinyin', () => {
  const filter = page<SzFilter>('<sz-filter><input data-narrow><ul><li>遂昌县</li><li data-keys="syx">松阳县</li></ul></sz-filter>', 'sz-filter');
  filter.narrow('sy');
  assert.deepEqual([...filter.querySelectorAll('li')].map((li) => li.hidden), [true, false]);
});

test('a branch of the tree is fetched once, when it is first opened', async () => {
  const tree = page<SzTree>(
    '<sz-tree><ul role="tree"><li role="treeitem" aria-expanded="false" data-children="/t/33/"><div class="nd"><button class="tw"></button><a href="#">浙江</a></div><ul role="group" hidden></ul></li></ul></sz-tree>',
    'sz-tree',
  );
  let asked = 0;
  tree.load = async (address, into) => {
    asked += 1;
    assert.equal(address, '/t/33/');
    into.innerHTML = '<li role="treeitem"><div class="nd">杭州</div></li>';
  };
  const item = tree.querySelector<HTMLElement>('[role=treeitem]')!;
  await tree.toggle(item);
  await tree.toggle(item);
  await tree.toggle(item);
  assert.equal(asked, 1);
  assert.equal(item.getAttribute('aria-expanded'), 'true');
  item.focus();
  press(item, 'ArrowDown');
  assert.equal(document.activeElement?.textContent, '杭州');
  press(document.activeElement!, 'ArrowLeft');
  assert.equal(document.activeElement, item);
});

test('suggestions are text, never markup', async () => {
  const search = page<SzSearch>('<sz-search data-suggest="/s"><input><div role="listbox" hidden></div></sz-search>', 'sz-search');
  const answer = { groups: [{ label: '单位', items: [{ label: '<img src=x>**遂昌**', url: '/n/1' }] }] };
  globalThis.fetch = async () => new Response(JSON.stringify(answer));
  search.input.value = '遂昌';
  await search.suggest();
  const option = search.querySelector('[role=option]')!;
  assert.equal(option.querySelector('img'), null);
  assert.equal(option.querySelector('mark')!.textContent, '遂昌');
  press(search.input, 'ArrowDown');
  assert.equal(option.getAttribute('aria-selected'), 'true');
  assert.equal(search.input.getAttribute('aria-activedescendant'), option.id);
});

test('a faulty suggestion service leaves the search itself usable', async () => {
  const search = page<SzSearch>('<sz-search data-suggest="/s"><input><div role="listbox" hidden></div></sz-search>', 'sz-search');
  globalThis.fetch = async () => { throw new TypeError('down'); }; // prettier-ignore
  search.input.value = 'x';
  await search.suggest();
  assert.equal(search.list.textContent, '建议没取到，按回车照常搜索');
});

test('what can be undone is undone within its seconds', async () => {
  page('<sz-toasts></sz-toasts>');
  const asked: string[] = [];
  globalThis.fetch = async (address) => { asked.push(String(address)); return new Response(''); }; // prettier-ignore
  let undone = '';
  document.addEventListener('sz:undone', (event) => (undone = (event as CustomEvent).detail.undo), { once: true });
  toast({ text: '已向 13 家催报', undo: '/undo/7' });
  document.querySelector<HTMLButtonElement>('.sz-toast .undo')!.click();
  await soon(5);
  assert.deepEqual(asked, ['/undo/7']);
  assert.equal(undone, '/undo/7');
  assert.equal(document.querySelector('.sz-toast .grow')!.textContent, '已撤销');
  document.body.innerHTML = '';
});

test('a question names its outcome and resolves to it', async () => {
  const button = page<HTMLButtonElement>('<button data-confirm="封存 3 辆车？" data-confirm-verb="封存 3 辆" data-confirm-keep="不封存" data-confirm-list="甲|乙">x</button>', 'button');
  const what = question(button)!;
  assert.deepEqual(what, { title: '封存 3 辆车？', verb: '封存 3 辆', keep: '不封存', list: ['甲', '乙'] });
  const answer = ask(what);
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('dialog button')];
  assert.deepEqual(buttons.map((b) => b.textContent), ['不封存', '封存 3 辆']);
  buttons[1]!.click();
  assert.equal(await answer, true);
  assert.equal(document.querySelector('dialog'), null);
});

test('a dialog is opened by its name and closed by its buttons', () => {
  const island = page<SzDialog>('<button data-dialog="d">o</button><sz-dialog><dialog id="d"><button data-close>x</button></dialog></sz-dialog>', 'sz-dialog');
  document.querySelector<HTMLButtonElement>('[data-dialog]')!.click();
  assert.equal(island.dialog!.open, true);
  island.querySelector<HTMLButtonElement>('[data-close]')!.click();
  assert.equal(island.dialog!.open, false);
});

test('faults are said in words, with the number to quote', () => {
  assert.equal(sentence(503), '服务出错，没有存上。已填内容都在');
  assert.equal(sentence(500, '<p data-say>统计服务没有回应</p><i data-number="E-7F31C2"></i>'), '统计服务没有回应（编号 E-7F31C2）');
  assert.equal(sentence(403), '当前岗位不能办这件事');
});

test('live counts reach every place, and reconnecting spreads out', () => {
  page('<span data-live="notices" hidden>0</span><span data-live="notices">0</span>');
  new SzLive().take({ kind: 'count', name: 'notices', value: 6 });
  assert.deepEqual([...document.querySelectorAll<HTMLElement>('[data-live]')].map((s) => [s.textContent, s.hidden]), [['6', false], ['6', false]]);
  assert.equal(pause(1, 0), 500);
  assert.equal(pause(3, 1), 4000);
  assert.equal(pause(20, 1), 60_000);
});
