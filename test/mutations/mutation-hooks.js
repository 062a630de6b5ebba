import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '../support/typescript-hooks.js';

// Module hooks that let Node import a program once with each mutation. `program.ts?mutation=<name>` imports the program and all
// its TypeScript dependencies with the edits of that mutation. The files stay unchanged.

const root = new URL('../../', import.meta.url);
const unchanged = new Map();
let mutations;

/** @param table the edits of each mutation, by its name */
export function initialize(table) {
  mutations = table;
}

export function resolve(specifier, context, nextResolve) {
  const parent = context.parentURL && new URL(context.parentURL);
  const mutation = parent?.searchParams.get('mutation');
  if (!mutation) return nextResolve(specifier, context);
  return after(nextResolve(specifier, { ...context, parentURL: withoutQuery(parent) }), (resolved) => {
    if (!resolved.url.endsWith('.ts')) return resolved;
    return { ...resolved, url: `${resolved.url}?mutation=${encodeURIComponent(mutation)}` };
  });
}

export function load(url, context, nextLoad) {
  const { searchParams } = new URL(url);
  const mutation = searchParams.get('mutation');
  if (!mutation) return nextLoad(url, context);
  const original = withoutQuery(new URL(url));
  const edits = mutations[mutation].filter(({ file }) => new URL(file, root).href === original);
  if (edits.length > 0) return { format: 'module', source: mutated(original, edits), shortCircuit: true };
  if (!unchanged.has(original)) unchanged.set(original, nextLoad(original, context));
  return after(unchanged.get(original), (loaded) => ({ ...loaded, shortCircuit: true }));
}

/** Depending on how the hooks were registered, the next one gives a result or a promise of it. */
function after(result, use) {
  return result instanceof Promise ? result.then(use) : use(result);
}

function mutated(url, edits) {
  const path = fileURLToPath(url);
  let code = readFileSync(path, 'utf8');
  for (const { file, find, replace } of edits) {
    const occurrences = code.split(find).length - 1;
    if (occurrences !== 1) throw new Error(`${file} contains this text ${occurrences} times, not once: ${find}`);
    code = code.replace(find, () => replace);
  }
  return compile(code, path);
}

function withoutQuery(url) {
  return `${url.origin === 'null' ? 'file://' : url.origin}${url.pathname}`;
}
