const CONTENDERS = 'test/bench/contenders';

interface Program {
  readonly path: string;
  readonly redis: boolean;
}

/**
 * The programs of the measured servers. The first two serve constant bytes. Instances of this API on one database must share
 * one version store, so all of them use Redis, also the uncached ones.
 */
export const PROGRAMS = {
  'bare-http': { path: `${CONTENDERS}/bare-http.ts`, redis: false },
  'bare-fastify': { path: `${CONTENDERS}/bare-fastify.ts`, redis: false },
  'api-redis': { path: 'apps/mes-api/src/main.ts', redis: true },
  'api-redis-2': { path: 'apps/mes-api/src/main.ts', redis: true },
  'api-measured': { path: `${CONTENDERS}/measured-api.ts`, redis: true },
  'api-uncached': { path: `${CONTENDERS}/uncached-api.ts`, redis: true },
  'api-uncached-2': { path: `${CONTENDERS}/uncached-api.ts`, redis: true },
  'stock-redis': { path: `${CONTENDERS}/stock-interceptor-redis.ts`, redis: true },
  'stock-memory': { path: `${CONTENDERS}/stock-interceptor-memory.ts`, redis: false },
  bentocache: { path: `${CONTENDERS}/bentocache.ts`, redis: true },
  'async-cache-dedupe': { path: `${CONTENDERS}/async-cache-dedupe.ts`, redis: true },
  'offset-count': { path: `${CONTENDERS}/offset-count.ts`, redis: false },
} as const satisfies Readonly<Record<string, Program>>;

export type ServerName = keyof typeof PROGRAMS;
