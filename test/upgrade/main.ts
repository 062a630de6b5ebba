import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareDatabase } from '@mes/database';
import { note } from '../bench/note.js';
import { Resources } from '../bench/servers/resources.js';
import { describeViolations } from '../consistency/report/describe-violations.js';
import { runUnderLoad } from '../consistency/run.js';
import type { ApiInstance } from '../consistency/system/api-instance.js';
import { System } from '../consistency/system/system.js';
import { crowd } from '../consistency/workload/crowd.js';
import type { Exchange } from '../consistency/workload/recorder.js';
import { ApiProcess } from '../support/api-process.js';
import { startPostgres } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { runProgram } from '../support/run-program.js';
import { readUpgradeArguments, UPGRADE_USAGE, type UpgradePlan } from './arguments.js';
import { OlderBuild } from './older-build.js';

// `npm run upgrade`: instances of an older build, under load. The database is migrated beside them, and they are replaced by this
// build, one after another. Then one goes back to the older build. Exits with 1 if a request failed, or if anything was stale or
// lost.

const MIGRATION_PATIENCE_MS = 30_000;
const MOST_EXAMPLES = 5;

const resources = new Resources();

async function run({ from, ...plan }: UpgradePlan): Promise<void> {
  note(`building ${from}`);
  const older = await resources.start(
    () => OlderBuild.of(from),
    (build) => build.remove(),
  );
  const postgres = await resources.start(
    () => startPostgres({ settings: { max_connections: '300' } }),
    (server) => server.stop(),
  );
  const redis = await resources.start(
    () => RedisServer.start(),
    (server) => server.stop(),
  );
  await migrateWith(older, postgres.url);
  const system = await resources.start(
    () =>
      System.start({
        databaseUrl: postgres.url,
        redisUrl: redis.url,
        instances: plan.instances,
        program: older.program,
      }),
    (started) => started.stop(),
  );
  const { violations, checked, exchanges } = await runUnderLoad(
    system,
    crowd({ name: 'upgrade', clients: plan.clients, seed: from }, system.floor),
    () => upgrade(system, older, postgres.url, plan.seconds * 1_000),
  );
  const failed = exchanges.filter(({ status }) => status === undefined || status >= 500);
  console.log(JSON.stringify({ from, requests: exchanges.length, failed: failed.length, ...checked }, undefined, 2));
  for (const exchange of failed.slice(0, MOST_EXAMPLES)) console.log(describeFailure(exchange));
  if (violations.length > 0) console.log(describeViolations(violations));
  if (failed.length + violations.length === 0)
    console.log('No request failed, no response was stale, and no write was lost.');
  else process.exitCode = 1;
}

async function upgrade(system: System, older: OlderBuild, databaseUrl: string, stage: number): Promise<void> {
  const replaceBy = async (program: string | undefined, instances: readonly ApiInstance[]): Promise<void> => {
    for (const instance of instances) {
      await instance.end('SIGTERM');
      await instance.startAgain({ program });
      await delay(stage);
    }
  };
  note('the older build');
  await delay(stage);
  note('the migration beside it');
  const { applied } = await prepareDatabase({ url: databaseUrl, patience: MIGRATION_PATIENCE_MS });
  note(`applied ${applied.join(', ') || 'nothing'}`);
  await delay(stage);
  note('this build, instance by instance');
  await replaceBy(undefined, system.instances);
  note('one instance back to the older build, and again to this one');
  const one = system.instances.slice(0, 1);
  await replaceBy(older.program, one);
  await replaceBy(undefined, [...one, system.uncached]);
}

/** The older build migrates at its start. */
async function migrateWith(older: OlderBuild, databaseUrl: string): Promise<void> {
  const api = new ApiProcess({ NODE_ENV: 'test', DATABASE_URL: databaseUrl }, { program: older.program });
  await api.ready();
  await api.destroy();
}

function describeFailure({ path, instance, status }: Exchange): string {
  return `${instance} answered ${path} with ${status ?? 'nothing'}`;
}

runProgram({
  usage: UPGRADE_USAGE,
  read: readUpgradeArguments,
  run,
  resources,
  failure: 'The upgrade failed',
});
