import { operationsOf, type OpenApiDocument } from '../support/openapi-document.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { runCampaign } from './campaign.js';

const REQUESTS = 2_500;

describe('requests made from the OpenAPI document', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let table: OrdersTable;

  beforeAll(async () => {
    database = await createTestDatabase();
    // The API must not refuse requests because the machine is busy with other tests.
    const environment = { RATE_LIMIT_PER_MINUTE: '0', MAX_EVENT_LOOP_DELAY_MS: '60000' };
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: process.env.TEST_REDIS_URL, environment });
    table = await OrdersTable.connect(database.url);
  });

  afterAll(async () => {
    await table.close();
    await api.stop();
    await database.drop();
  });

  it('get documented responses, and leave the API consistent', async () => {
    const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
    const { requests, statuses, succeeded, finding } = await runCampaign(api, table, { requests: REQUESTS, seed });
    if (finding !== undefined) throw new Error(`${finding}\nReplay it by: FUZZ_SEED=${seed} npm test -- test/fuzz`);

    expect(requests).toBeGreaterThan(REQUESTS / 2);
    const { body: document } = await api.call<OpenApiDocument>('/docs-json');
    expect([...succeeded].sort()).toEqual(
      operationsOf(document)
        .map(({ operationId }) => operationId)
        .sort(),
    );
    // Statuses that are frequent enough to occur with every seed.
    expect(Object.keys(statuses)).toEqual(
      expect.arrayContaining(['200', '201', '202', '304', '400', '401', '403', '404', '409', '415']),
    );
  });
});
