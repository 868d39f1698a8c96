/**
 * The service worker: keeps the shell's files and one page that says there is no network. Nothing else is stored, least of
 * all pages or answers of somebody signed in. Built to /static/sw.js; the portal must serve that file at /sw.js
 * (Content-Type text/javascript, Cache-Control no-cache), since a worker speaks only for addresses below its own.
 */
interface Life extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Life {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

// filled in by the build (vite.config.ts): the files of the shell, and a name that changes with them
const SHELL = '__SHELL__' as unknown as string[];
const CACHE = `sz-shell-${'__BUILD__'}`;
const OFFLINE = '/static/offline.html';
const worker = globalThis as unknown as { skipWaiting(): Promise<void>; clients: { claim(): Promise<void> } } & EventTarget;

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL);
  await worker.skipWaiting();
}

async function tidy(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('sz-shell-') && name !== CACHE).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (fault) {
    const offline = await caches.match(OFFLINE);
    if (offline) return offline;
    throw fault;
  }
}

async function asset(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

worker.addEventListener('install', (event) => (event as Life).waitUntil(install()));
worker.addEventListener('activate', (event) => (event as Life).waitUntil(tidy()));
worker.addEventListener('fetch', (event) => {
  const { request } = event as Fetching;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') (event as Fetching).respondWith(page(request));
  // names in /assets/ carry a hash of the content, so a kept one is never stale
  else if (url.pathname.startsWith('/static/assets/')) (event as Fetching).respondWith(asset(request));
});
