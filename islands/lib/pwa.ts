/** Registers the service worker, which the portal serves at /sw.js so that it may speak for the whole site. */
export function startPwa(): void {
  if (!('serviceWorker' in navigator) || !window.isSecureContext) return;
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('/sw.js').catch((fault: unknown) => {
      // the product works without it; only the installed app and the offline page are missing
      console.warn('service worker not registered', fault);
    });
  });
}
