import { defineConfig } from 'vite';
import { compression } from 'vite-plugin-compression2';

/** Where `npm run page` finds the API, which sees the host that the browser asked: it signs in pages of that origin only. */
const API = { target: process.env.API_URL ?? 'http://127.0.0.1:3000', changeOrigin: false };

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../../dist/apps/mes-web',
    emptyOutDir: true,
    // What browsers of the last two years understand; light-dark() is theirs.
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    // One file for the first screen. Each of many small ones would be compressed for itself.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first-screen', tags: ['$initial'] }] } } },
  },
  // Compressed once, here, and not for every request.
  plugins: [compression({ algorithms: ['brotliCompress', 'gzip'], include: /\.(html|js|css|svg)$/ })],
  server: { proxy: { '/api': API, '/page': API } },
});
