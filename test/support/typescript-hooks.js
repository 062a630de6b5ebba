import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const LIBRARY = /^@mes\/(cache|database)$/;

/** Resolves an import of a JavaScript file to the TypeScript file that it is compiled from. */
export async function resolve(specifier, context, nextResolve) {
  const library = LIBRARY.exec(specifier)?.[1];
  if (library !== undefined) {
    return nextResolve(new URL(`../../libs/${library}/src/index.ts`, import.meta.url).href, context);
  }
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/^\.{1,2}\/.*\.js$/.test(specifier)) throw error;
    return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
  }
}

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const path = fileURLToPath(url);
  return { format: 'module', source: await compile(await readFile(path, 'utf8'), path), shortCircuit: true };
}

/** Compiles TypeScript with the same compiler as Jest. */
export async function compile(code, filename) {
  const compiled = await transform(code, {
    filename,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
    swcrc: false,
  });
  return compiled.code;
}
