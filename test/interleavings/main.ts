import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { runProgram } from '../support/run-program.js';
import { INTERLEAVINGS_USAGE, readInterleavingsArguments } from './arguments.js';
import { explore, type Exploration } from './explore.js';

// `npm run interleavings`: runs readers and writers of the cache in random interleavings. Exits with 1 if anything was stale.

async function run(explorations: readonly Exploration[]): Promise<void> {
  Logger.overrideLogger(false);
  for (const exploration of explorations) {
    const { violation, ...explored } = await explore(exploration);
    console.log(JSON.stringify({ ...exploration, ...explored }));
    if (violation === undefined) continue;
    console.log(violation);
    process.exitCode = 1;
  }
}

runProgram({
  usage: INTERLEAVINGS_USAGE,
  read: readInterleavingsArguments,
  run,
  failure: 'The exploration failed',
});
