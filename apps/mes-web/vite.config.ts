import { defineConfig, type Plugin } from 'vite';
import { compression } from 'vite-plugin-compression2';

/** Where `npm run page` finds the API, which sees the host that the browser asked: it signs in pages of that origin only. */
const API = { target: process.env.API_URL ?? 'http://127.0.0.1:3000', changeOrigin: false };

/** Tells `start.js` the files of the texts in each language, whose names change with their content. */
const filesOfTexts: Plugin = {
  name: 'files-of-texts',
  transformIndexHtml: {
    order: 'post',
    handler: (html, { bundle = {} }) => {
      const files = Object.values(bundle).flatMap((file) => {
        const id = file.type === 'chunk' ? file.facadeModuleId : undefined;
        const language = /\/language\/(\w+)\.json$/.exec(id ?? '')?.[1];
        return language === undefined ? [] : ` data-${language}="${file.fileName}"`;
      });
      return html.replace('<script src="./start.js"', (script) => script + files.join(''));
    },
  },
};

/** The browser asks for the settings while it loads the scripts, which need them first. */
const settingsFirst: Plugin = {
  name: 'settings-first',
  transformIndexHtml: () => [
    {
      tag: 'link',
      attrs: {
        rel: 'preload',
        as: 'fetch',
        href: `${process.env.VITE_API_URL ?? '.'}/page/settings`,
        crossorigin: 'anonymous',
      },
      injectTo: 'head',
    },
  ],
};

export default defineConfig({
  root: import.meta.dirname,
  // Relative to the <base> of the document, so that the same build works at any base path.
  base: './',
  build: {
    // What browsers of the last two years understand; light-dark() is theirs.
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    // One file for the first screen. Each of many small ones would be compressed for itself.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first-screen', tags: ['$initial'] }] } } },
  },
  // Compressed once, here, and not for every request.
  json: { namedExports: false },
  plugins: [
    filesOfTexts,
    settingsFirst,
    compression({ algorithms: ['brotliCompress', 'gzip'], include: /\.(js|css|svg)$/ }),
  ],
  server: { proxy: { '/api': API, '/page': API } },
});
