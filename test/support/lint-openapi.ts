import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

// Lints the OpenAPI document by the rules in .redocly.yaml.
const folder = await mkdtemp(join(tmpdir(), 'mes-openapi-'));
try {
  const file = join(folder, 'openapi.json');
  process.exitCode =
    run('--import', './test/support/register-typescript.js', 'apps/mes-api/src/commands/openapi.ts', file) ||
    run(resolve('node_modules/@redocly/cli/bin/cli.js'), 'lint', '--config', '.redocly.yaml', file);
} finally {
  await rm(folder, { recursive: true });
}

function run(...command: string[]): number {
  const { status } = spawnSync(process.execPath, command, {
    stdio: 'inherit',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  return status ?? 1;
}
