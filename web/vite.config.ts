import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// While developing the page, API calls go to a server started with `bowerbird serve`.
const server = process.env.PAGE_SERVER ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../src/bowerbird/serve/page',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // everything by address, so that the strict content policy of index.html holds
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': server, '/img': server } },
});
