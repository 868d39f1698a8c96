/** What every page loads: the stylesheet, htmx, and the small islands. The heavy ones come when a page has one. */
import '@tabler/core/dist/css/tabler.min.css';
import './styles/index.css';
import './sz-choose.ts';
import './sz-columns.ts';
import './sz-density.ts';
import './sz-dialog.ts';
import './sz-filter.ts';
import './sz-live.ts';
import './sz-menu.ts';
import './sz-offline.ts';
import './sz-recent.ts';
import './sz-review.ts';
import './sz-search.ts';
import './sz-table.ts';
import './sz-tabs.ts';
import './sz-toast.ts';
import './sz-tree.ts';
import { startConfirming } from './lib/confirm.ts';
import { startNet } from './lib/net.ts';
import { startPhrases } from './lib/phrases.ts';
import { startPwa } from './lib/pwa.ts';
import { startRecent } from './lib/recent.ts';
import { startSparks } from './lib/sparks.ts';

const LAZY: Record<string, () => Promise<unknown>> = {
  'sz-answer': () => import('./sz-answer.ts'),
  'sz-autosave': () => import('./sz-autosave.ts'),
  'sz-bpmn': () => import('./sz-bpmn.ts'),
  'sz-builder': () => import('./sz-builder.ts'),
  'sz-chart': () => import('./sz-chart.ts'),
  'sz-dispatch': () => import('./sz-dispatch.ts'),
  'sz-explore': () => import('./sz-explore.ts'),
  'sz-grid': () => import('./sz-grid.ts'),
  'sz-map': () => import('./sz-map.ts'),
  'sz-process': () => import('./sz-process.ts'),
  'sz-questions': () => import('./sz-questions.ts'),
  'sz-scan': () => import('./sz-scan.ts'),
  'sz-sign': () => import('./sz-sign.ts'),
};

function fetchNeeded(): void {
  for (const [name, load] of Object.entries(LAZY)) {
    if (document.querySelector(name)) {
      delete LAZY[name];
      void load();
    }
  }
}

startNet();
startConfirming();
startSparks();
startPhrases();
startPwa();
startRecent();
fetchNeeded();
document.addEventListener('htmx:after:swap', fetchNeeded);
