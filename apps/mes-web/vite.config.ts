import { defineConfig } from 'vite';
import { compression } from 'vite-plugin-compression2';

/** Where `npm run page` finds the API. */
const API = process.env.API_URL ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../../dist/apps/mes-web',
    emptyOutDir: true,
    // Of what browsers that are two years old understand.
    target: 'es2022',
    assetsInlineLimit: 0,
  },
  // Compressed once, here, and not for every request.
  plugins: [compression({ algorithms: ['brotliCompress', 'gzip'], include: /\.(html|js|css|svg)$/ })],
  server: { proxy: { '/api': API, '/page': API } },
});
