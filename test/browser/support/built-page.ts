import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { onceForAll } from './once-for-all.js';

const run = promisify(execFile);

/** Builds the operators' page like `npm run build`, and returns its folder. */
export function builtPage(): Promise<string> {
  return onceForAll('page', async (folder) => {
    const document = `${folder}-openapi.json`;
    const client = resolve('apps/mes-web/src/api/client.ts');
    // With NODE_ENV=test, Vite would build a development version.
    const env = { ...process.env, NODE_ENV: 'production' };
    const node = (...command: string[]): Promise<unknown> => run(process.execPath, command, { env });
    await node('--import', './test/support/register-typescript.js', 'apps/mes-api/src/commands/openapi.ts', document);
    await node(
      resolve('node_modules/oazapfts/dist/cli.js'),
      ...['--argumentStyle=object', '--futureStripLegacyMethods', document, client],
    );
    await node(
      resolve('node_modules/vite/bin/vite.js'),
      ...['build', '--logLevel', 'error', '--outDir', folder, '--emptyOutDir', 'apps/mes-web'],
    );
  });
}
