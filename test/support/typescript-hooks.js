import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const LIBRARY = /^@mes\/(cache|database)$/;

/** Resolves an import of a JavaScript file to the TypeScript file that it is compiled from. */
export function resolve(specifier, context, nextResolve) {
  return nextResolve(sourceOf(specifier, context.parentURL), context);
}

export function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const path = fileURLToPath(url);
  return { format: 'module', source: compile(readFileSync(path, 'utf8'), path), shortCircuit: true };
}

/** Compiles TypeScript with the same compiler as Jest. */
export function compile(code, filename) {
  const compiled = transformSync(code, {
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

function sourceOf(specifier, importer) {
  const library = LIBRARY.exec(specifier)?.[1];
  if (library !== undefined) return new URL(`../../libs/${library}/src/index.ts`, import.meta.url).href;
  if (importer === undefined || !/^\.{1,2}\/.*\.js$/.test(specifier)) return specifier;
  const source = new URL(specifier.replace(/\.js$/, '.ts'), importer);
  return source.protocol === 'file:' && existsSync(source) ? source.href : specifier;
}
