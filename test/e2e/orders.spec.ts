import { newOrder } from '../support/new-order.js';
import { OrdersApi } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('the life of an order', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let partner: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: process.env.TEST_REDIS_URL });
    partner = await api.token('partner');
  });

  afterAll(async () => {
    await api.stop();
    await database.drop();
  });

  it('is created', async () => {
    const { status, body } = await api.call('/api/v1/orders', { method: 'POST', token: partner, body: newOrder() });
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: 'NEW', version: 1, createdBy: 'partner-1' });
  });
});
