import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../support/eventually.js';

const run = promisify(execFile);

const BUILDING_MS = 120_000;

/** The operators' page, built from its sources as the build does it, once for all tests of a run. */
export async function builtPage(): Promise<string> {
  const folder = process.env.TEST_PAGE_DIRECTORY;
  if (folder === undefined) throw new Error('the global set-up has not run');
  const page = join(folder, 'page');
  try {
    // Of several workers one can make a folder.
    await mkdir(join(folder, 'draft'), { recursive: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await eventually(() => existsSync(page), BUILDING_MS);
    return page;
  }
  await build(folder);
  await rename(join(folder, 'draft'), page);
  return page;
}

async function build(folder: string): Promise<void> {
  const document = join(folder, 'openapi.json');
  const client = resolve('apps/mes-web/src/api/client.ts');
  const node = (...command: string[]): Promise<unknown> => run(process.execPath, command);
  await node('--import', './test/support/register-typescript.js', 'apps/mes-api/src/commands/openapi.ts', document);
  await node(
    resolve('node_modules/oazapfts/dist/cli.js'),
    ...['--argumentStyle=object', '--futureStripLegacyMethods', document, client],
  );
  await node(
    resolve('node_modules/vite/bin/vite.js'),
    ...['build', '--logLevel', 'error', '--outDir', join(folder, 'draft'), '--emptyOutDir', 'apps/mes-web'],
  );
}
