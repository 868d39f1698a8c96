import assert from 'node:assert/strict';
import test from 'node:test';
import { page } from '../lib/testing.ts';
import { recents, remember, startRecent } from '../lib/recent.ts';
import { target } from '../sz-scan.ts';
import '../sz-recent.ts';

const at = (n: number) => ({ url: `/r/places/${n}/`, label: `房间 ${n}`, kind: '位置', icon: 'door' });

test('the last opened stands first, an address once, eight at most', () => {
  localStorage.clear();
  for (let n = 1; n <= 10; n++) remember(at(n));
  remember(at(5));
  assert.deepEqual(recents().map((r) => r.url), [5, 10, 9, 8, 7, 6, 4, 3].map((n) => at(n).url));
});

test('what is stored but no address of this site is not drawn', () => {
  localStorage.setItem('sz-recent', JSON.stringify([{ url: '//elsewhere/', label: 'x' }, { url: 'javascript:1', label: 'x' }, at(1)]));
  assert.deepEqual(recents(), [at(1)]);
});

test('the list is drawn, or says why it is empty', () => {
  localStorage.clear();
  remember(at(1));
  const html = '<sz-recent data-empty="还没有"><ul data-list></ul></sz-recent>';
  assert.equal(page(html, 'a').getAttribute('href'), '/r/places/1/');
  localStorage.clear();
  assert.equal(page(html, 'li').textContent, '还没有');
});

test('signing out forgets what was opened', () => {
  remember(at(1));
  startRecent();
  page<HTMLFormElement>('<form action="/accounts/logout/"></form>', 'form').dispatchEvent(new Event('submit', { bubbles: true }));
  assert.deepEqual(recents(), []);
});

test('a code opens a page of this site only', () => {
  assert.equal(target('https://sz.example/r/places/1/', 'https://sz.example'), '/r/places/1/');
  assert.equal(target('https://evil.example/r/places/1/', 'https://sz.example'), null);
  assert.equal(target('javascript:alert(1)', 'https://sz.example'), null);
});
