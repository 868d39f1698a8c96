import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** One same-origin sprite out of the Tabler icons that islands/icons.txt names; in the manifest as `islands/icons.txt`. */
function sprite(): Plugin {
  const names = () =>
    readFileSync(here('islands/icons.txt'), 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line && !line.startsWith('#'));
  const symbol = (name: string) => {
    const svg = readFileSync(here(`node_modules/@tabler/icons/icons/outline/${name}.svg`), 'utf8');
    const inner = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'));
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, '')}</symbol>`;
  };
  return {
    name: 'sz-sprite',
    buildStart() {
      this.addWatchFile(here('islands/icons.txt'));
    },
    generateBundle() {
      const source = `<svg xmlns="http://www.w3.org/2000/svg">${names().map(symbol).join('')}</svg>`;
      this.emitFile({ type: 'asset', name: 'icons.svg', originalFileName: 'islands/icons.txt', source });
    },
  };
}

/**
 * Tells the service worker which files make up the shell, and writes the page shown without a network.
 * The list changes with every build, so the worker's bytes do too, and browsers take the new one up.
 */
function offline(): Plugin {
  return {
    name: 'sz-offline',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const files = Object.keys(bundle);
      const style = files.find((file) => /^assets\/main-.*\.css$/.test(file)) ?? this.error('no stylesheet was built');
      const html = readFileSync(here('islands/offline.html'), 'utf8').replaceAll('%STYLE%', `/static/${style}`);
      this.emitFile({ type: 'asset', fileName: 'offline.html', source: html });
      const shell = files.filter((file) => /^assets\/(main|icons|sz-latin)[-.]/.test(file)).map((file) => `/static/${file}`);
      shell.push('/static/offline.html');
      const worker = bundle['sw.js'];
      if (worker?.type !== 'chunk') this.error('the service worker was not built');
      const build = createHash('sha256').update(shell.join() + html).digest('hex').slice(0, 12);
      if (!worker.code.includes('__SHELL__') || !worker.code.includes('__BUILD__')) this.error('nothing to fill in in the service worker');
      worker.code = worker.code.replace(/["'`]__SHELL__["'`]/, JSON.stringify(shell)).replace('__BUILD__', build);
    },
  };
}

/**
 * CodeMirror, which dmn-js edits cells with, writes its rules into a style element, which the policy forbids, unless it is in a
 * shadow tree; constructed style sheets do as well in a document, and the policy has nothing against them.
 */
function constructed(): Plugin {
  const found = '!root.head && root.adoptedStyleSheets';
  return {
    name: 'sz-constructed',
    transform(code, id) {
      if (!id.includes('/node_modules/style-mod/')) return null;
      if (!code.includes(found)) this.error('style-mod has changed: where does it put its rules?');
      return { code: code.replace(found, 'root.adoptedStyleSheets'), map: null };
    },
  };
}

export default defineConfig({
  base: '/static/',
  publicDir: false,
  plugins: [sprite(), constructed(), offline()],
  build: {
    target: 'chrome88',
    cssTarget: 'chrome88',
    outDir: 'dist',
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    rollupOptions: {
      input: { main: here('islands/main.ts'), sw: here('islands/sw.ts') },
      output: {
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
});
