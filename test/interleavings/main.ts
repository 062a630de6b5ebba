import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { fail } from '../../apps/mes-api/src/commands/command-failure.js';
import { INTERLEAVINGS_USAGE, readInterleavingsArguments } from './arguments.js';
import { explore } from './explore.js';

// `npm run interleavings`: runs readers and writers of the cache in random interleavings. Exits with 1 if anything was stale.

async function run(): Promise<void> {
  const explorations = readInterleavingsArguments(process.argv.slice(2));
  if (!explorations) {
    console.log(INTERLEAVINGS_USAGE);
    return;
  }
  Logger.overrideLogger(false);
  for (const exploration of explorations) {
    const { violation, ...explored } = await explore(exploration);
    console.log(JSON.stringify({ ...exploration, ...explored }));
    if (violation === undefined) continue;
    console.log(violation);
    process.exitCode = 1;
  }
}

run().catch((error: unknown) => fail(error, 'The exploration failed'));
