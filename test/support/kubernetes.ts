import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import ts from 'typescript';

/** An object of Kubernetes. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};

/** All objects in a file of YAML. */
export async function readObjects(file: string): Promise<KubernetesObject[]> {
  return loadAll(await readFile(file, 'utf8')) as KubernetesObject[];
}

/**
 * What is wrong with objects by the schemas of Kubernetes: unknown kinds, unknown or missing fields, wrong types. The schemas are
 * types in TypeScript, made from the OpenAPI document of Kubernetes. TypeScript refuses unknown fields of a literal.
 */
export function problemsOf(objects: readonly KubernetesObject[]): string[] {
  const sources = new Map(objects.map((object, i) => [resolve(`object-${i}.ts`), sourceOf(object)]));
  const files = ts.createCompilerHost(OPTIONS);
  const host: ts.CompilerHost = {
    ...files,
    getSourceFile: (name, version, ...rest) => {
      const source = sources.get(name);
      if (source !== undefined) return ts.createSourceFile(name, source, version);
      return files.getSourceFile(name, version, ...rest);
    },
    fileExists: (name) => sources.has(name) || files.fileExists(name),
    readFile: (name) => sources.get(name) ?? files.readFile(name),
  };
  const program = ts.createProgram([...sources.keys()], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

function sourceOf(object: KubernetesObject): string {
  const { apiVersion, kind } = object;
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  const module = `kubernetes-types/${group.split('.')[0] ?? ''}/${version}.d.ts`;
  return `import type { ${kind} as Kind } from '${module}';
    export const object: Kind & { apiVersion: '${apiVersion}'; kind: '${kind}' } = ${JSON.stringify(object)};`;
}
