import 'reflect-metadata';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createApplication } from '../../../apps/mes-api/src/application.js';
import { readConfiguration } from '../../../apps/mes-api/src/config/configuration.js';
import { L1Cache } from '../../../libs/cache/src/entries/l1-cache.js';
import { printAddress } from './print-address.js';

/** Size limit of the near cache, in mebibytes. */
const NEAR_CACHE_MB = 16;

/** Memory of the process after garbage collection, in bytes. */
export interface MemoryUse {
  /** Size limit of the near cache. */
  readonly bound: number;
  /** Size of the heap and of the memory outside of it. */
  readonly used: number;
  /** Size of the near cache by its own estimate. */
  readonly reckoned: number;
}

// This API with a small near cache and two more routes: `/memory` returns the memory in use, `/memory/clear` empties the near
// cache first.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const configuration = readConfiguration({ ...process.env, NEAR_CACHE_MB: String(NEAR_CACHE_MB) });
const application = await createApplication(configuration, {
  url: configuration.database.url ?? '',
  wait: { patience: configuration.database.startTimeout },
});
const near = application.get(L1Cache, { strict: false });

/** Number of garbage collections. Memory outside of the heap is freed some time after its owner. */
const COLLECTIONS = 5;
const PAUSE_MS = 20;

async function memoryUse(): Promise<MemoryUse> {
  for (let i = 0; i < COLLECTIONS; i += 1) {
    collectGarbage();
    await setTimeout(PAUSE_MS);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { bound: configuration.cache.l1MaxBytes, used: heapUsed + external, reckoned: near.calculatedSize };
}

const server = application.getHttpAdapter().getInstance();
server.get('/memory', memoryUse);
server.get('/memory/clear', () => {
  near.clear();
  return memoryUse();
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void application.close().then(() => process.exit(0)));
}
await application.listen(0, '127.0.0.1');
printAddress(application.getHttpServer().address());
