import 'reflect-metadata';
import { note } from '../bench/note.js';
import { Resources } from '../bench/servers/resources.js';
import { PgBouncer } from '../support/pgbouncer.js';
import { startPostgres } from '../support/postgres-server.js';
import { runProgram } from '../support/run-program.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinels } from '../support/redis-sentinels.js';
import { RedisServer } from '../support/redis-server.js';
import { CONSISTENCY_USAGE, readConsistencyArguments, type ConsistencyArguments } from './arguments.js';
import { describeViolations } from './report/describe-violations.js';
import { nothingFor, runUnderLoad } from './run.js';
import { System } from './system/system.js';
import { crowd } from './workload/crowd.js';

// `npm run consistency`: several instances of the API with their own PostgreSQL and Redis, many clients that read and write
// through all of them, and a checker of all responses. Exits with 1 if anything was stale or lost.

/** A long time limit for Redis: with so many processes on one machine, slowness is no reason to bypass the cache. */
const PATIENT = { REDIS_DEADLINE_MS: '10000' };
/** The minimum share of hits. With fewer hits, the run proves little about the cache. */
const LEAST_SHARE_OF_HITS = 0.1;

const resources = new Resources();

async function run({
  seconds,
  seed,
  instances,
  clients,
  redis: kind,
  postgres: way,
}: ConsistencyArguments): Promise<void> {
  note(`seed ${seed}: starting PostgreSQL, Redis and ${instances} instances`);
  const postgres = await resources.start(
    () => startPostgres({ settings: { max_connections: '300' } }),
    (server) => server.stop(),
  );
  const redis = await resources.start(
    () => RedisServer.start(),
    (server) => server.stop(),
  );
  const system = await resources.start(
    () =>
      System.start({ databaseUrl: postgres.url, redisUrl: redis.url, instances, variant: { environment: PATIENT } }),
    (started) => started.stop(),
  );
  if (kind !== 'server') {
    const topology = await resources.start<RedisCluster | RedisSentinels>(
      () => (kind === 'cluster' ? RedisCluster : RedisSentinels).start(),
      (servers) => servers.stop(),
    );
    await system.turnToRedis(topology.url);
  }
  if (way === 'pooler') {
    const pooler = await resources.start(
      () => PgBouncer.start(postgres.url),
      (server) => server.stop(),
    );
    await system.turnToPooler(pooler.url);
  }
  note(`${clients} clients for ${seconds} s`);
  const { violations, checked, exchanges } = await runUnderLoad(
    system,
    crowd({ name: 'quiet', clients, seed }, system.floor),
    nothingFor(seconds),
  );
  const hits = exchanges.filter(({ cache }) => cache === 'hit').length;
  note('checked');
  console.log(JSON.stringify({ ...checked, hits }, undefined, 2));
  if (violations.length > 0) console.log(describeViolations(violations));
  else if (hits < LEAST_SHARE_OF_HITS * exchanges.length) console.log('Too few responses came from the cache.');
  else {
    console.log('No response was stale, and no write was lost.');
    return;
  }
  process.exitCode = 1;
}

runProgram({
  usage: CONSISTENCY_USAGE,
  read: readConsistencyArguments,
  run,
  resources,
  failure: 'The run failed',
});
