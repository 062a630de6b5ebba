import 'reflect-metadata';
import '../support/silence-nest.js';
import { Resources } from '../bench/servers/resources.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { runProgram } from '../support/run-program.js';
import { startSharedServers, stopSharedServers } from '../support/shared-servers.js';
import { createTestDatabase } from '../support/test-database.js';
import { FUZZ_USAGE, readFuzzArguments } from './arguments.js';
import { runCampaign, type CampaignPlan } from './campaign.js';

// `npm run fuzz`: the long form of fuzz.spec.ts, with its own servers.

const resources = new Resources();

async function run(plan: CampaignPlan): Promise<void> {
  await resources.start(startSharedServers, stopSharedServers);
  const database = await createTestDatabase();
  const environment = { RATE_LIMIT_PER_MINUTE: '0', MAX_EVENT_LOOP_DELAY_MS: '60000' };
  const api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: process.env.TEST_REDIS_URL, environment });
  const table = await OrdersTable.connect(database.url);
  try {
    const began = performance.now();
    const { requests, statuses, finding } = await runCampaign(api, table, plan);
    const seconds = Math.round((performance.now() - began) / 1_000);
    console.log(`${requests} requests with the seed ${plan.seed} in ${seconds} s, with these statuses:`, statuses);
    if (finding === undefined) return;
    console.error(finding);
    process.exitCode = 1;
  } finally {
    await table.close();
    await api.stop();
  }
}

runProgram({
  usage: FUZZ_USAGE,
  read: readFuzzArguments,
  run,
  resources,
  failure: 'The fuzzer failed',
});
