import { VersionStore } from '@mes/cache';
import { orderTag, statusTag } from '../../apps/mes-api/src/orders/caching/order-tags.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

describe('a status change of an order with an earlier pending write', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let versionStore: VersionStore;
  let id: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: process.env.TEST_REDIS_URL ?? '' });
    versionStore = api.application.get(VersionStore, { strict: false });
  });

  afterAll(async () => {
    await api.stop();
    await database.drop();
  });

  beforeEach(async () => {
    const token = await api.token('partner');
    const { body } = await api.call<{ id: string }>('/api/v1/orders', { method: 'POST', token, body: newOrder() });
    id = body.id;
    await change('MANUFACTURING_STARTED');
  });

  async function change(status: string): Promise<ApiAnswer<unknown>> {
    const token = await api.token('operator');
    return api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token, body: { status } });
  }

  /** Leaves a pending write behind, like a writer that dies before it completes. */
  async function leavePending(): Promise<string | undefined> {
    await versionStore.begin({ id: `pending ${id}`, tags: [orderTag(id), statusTag('NEW')] });
    return versionOfNew();
  }

  async function versionOfNew(): Promise<string | undefined> {
    return (await versionStore.snapshot([statusTag('NEW')])).get(statusTag('NEW'));
  }

  it('is acknowledged after the tags of the earlier write are invalidated', async () => {
    const before = await leavePending();
    expect((await change('MANUFACTURING_COMPLETED')).status).toBe(200);
    expect(await versionOfNew()).not.toBe(before);
  });

  it('is refused after the tags of the earlier write are invalidated', async () => {
    const before = await leavePending();
    expect((await change('SHIPPED')).status).toBe(409);
    expect(await versionOfNew()).not.toBe(before);
  });

  it('does not invalidate the tags of completed writes', async () => {
    const before = await versionOfNew();
    expect((await change('MANUFACTURING_COMPLETED')).status).toBe(200);
    expect(await versionOfNew()).toBe(before);
  });
});
