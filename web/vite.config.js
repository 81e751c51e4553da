// One bundle for the browsers of the last years. Everything but the index has a hash of its content in its name.
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2021',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
  },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8750', ws: true } } },
});
