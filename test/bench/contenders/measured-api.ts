import 'reflect-metadata';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createApplication } from '../../../apps/mes-api/src/application.js';
import { readConfiguration } from '../../../apps/mes-api/src/config/configuration.js';
import { L1Cache } from '../../../libs/cache/src/entries/l1-cache.js';
import { announce } from './announce.js';

/** Bound of the near cache, in megabytes. */
const NEAR_CACHE_MB = 16;

/** What the process uses when nothing is left to collect, in bytes. */
export interface MemoryUse {
  readonly bound: number;
  /** Heap and what is outside of it. */
  readonly used: number;
  /** What the near cache reckons with. */
  readonly reckoned: number;
}

// This API, with a small near cache, telling how much memory it uses; `/memory/clear` empties the cache first.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const configuration = readConfiguration({ ...process.env, NEAR_CACHE_MB: String(NEAR_CACHE_MB) });
const application = await createApplication(configuration, configuration.database.url ?? '');
const near = application.get(L1Cache, { strict: false });

/** How often garbage is collected: memory outside of the heap is given back some time after its owner went. */
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
announce(application.getHttpServer().address());
