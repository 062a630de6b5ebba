import { CACHE_DEFAULTS } from '@mes/cache';
import { ServerClock } from '@mes/database';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { OrderEntity } from '../../apps/mes-api/src/orders/repository/order.entity.js';
import {
  PERSISTENT_ORDERS,
  type OrderPage,
  type OrderPageRequest,
} from '../../apps/mes-api/src/orders/repository/orders.repository.js';
import { TypeOrmOrdersRepository } from '../../apps/mes-api/src/orders/repository/typeorm-orders.repository.js';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const REQUESTS = 300;
/** Loads at the same time: eight tenths of the connections to the database. */
const LOADED = 8;
const WAITING = CACHE_DEFAULTS.maxWaitingLoads;

/** A repository whose lists wait while it is closed, for as long as a test wants. */
class GatedOrders extends TypeOrmOrdersRepository {
  private gate = Promise.resolve();

  /** Returns a function that opens it again. */
  close(): () => void {
    let open = (): void => undefined;
    this.gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  override async list(wanted: OrderPageRequest): Promise<OrderPage> {
    await this.gate;
    return super.list(wanted);
  }
}

describe('too many requests', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let orders: GatedOrders;
  let sql: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({
      databaseUrl: database.url,
      override: (builder) =>
        builder.overrideProvider(PERSISTENT_ORDERS).useFactory({
          inject: [DataSource, ServerClock],
          factory: (dataSource: DataSource, clock: ServerClock) =>
            new GatedOrders(dataSource.getRepository(OrderEntity), clock),
        }),
    });
    orders = api.application.get(PERSISTENT_ORDERS);
    sql = new pg.Client(database.url);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await api.stop();
    await database.drop();
  });

  /** Requests a different page for each number, as one of many operators. */
  async function page(n: number): Promise<ApiAnswer<unknown>> {
    const caller = await api.token('operator', `operator-${n % 20}`);
    return api.call(`/api/v1/orders?createdFrom=${new Date(n * 1_000).toISOString()}`, { token: caller });
  }

  it('are refused at once beyond a number of waiting requests, and the waiting ones are served', async () => {
    const open = orders.close();
    const answered: ApiAnswer<unknown>[] = [];
    const answers = Array.from({ length: REQUESTS }, async (_, n) => {
      const answer = await page(n);
      answered.push(answer);
      return answer;
    });
    // Only those have responses that are neither being loaded nor waiting.
    await eventually(() => answered.length === REQUESTS - LOADED - WAITING);
    const refused = [...answered];
    for (const answer of refused) {
      expectProblem(answer, { status: 503, code: 'OVERLOADED' });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await api.call('/health/live')).status).toBe(200);
    open();

    const served = (await Promise.all(answers)).filter((answer) => !refused.includes(answer));
    expect(served.map(({ status }) => status)).toEqual(Array(LOADED + WAITING).fill(200));
    expect((await page(1_000)).status).toBe(200);
  });

  it('from one caller do not delay others', async () => {
    await sql.query(`
      INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by)
      SELECT gen_random_uuid(), 'SHOP', 'C', 'Name ' || n, 'Ring', 'Gold', 1, 'LOW', 'sql' FROM generate_series(1, 2000) AS n`);
    const [partner, operator] = [await api.token('partner', 'greedy'), await api.token('operator', 'anna')];
    const hot = '/api/v1/orders?status=NEW';
    await eventually(async () =>
      (await api.call(hot, { token: operator })).headers.get('cache-status')?.includes('hit'),
    );

    let answered = 0;
    const flood = Array.from({ length: 600 }, async (_, n) => {
      const { status } = await api.call(`/api/v1/orders?q=name%20${n}`, { token: partner });
      answered += 1;
      return status;
    });
    await eventually(() => answered > 0);
    for (let i = 0; i < 10; i += 1) {
      expect((await api.call(hot, { token: operator })).status).toBe(200);
      expect((await api.call(`${hot}&limit=${i + 1}`, { token: operator })).status).toBe(200);
    }
    // The other caller was served before the end of the flood.
    expect(answered).toBeLessThan(600);
    expect(new Set(await Promise.all(flood))).toEqual(new Set([200]));
  });

  it('are refused while the event loop is far behind, except for the liveness probe', async () => {
    const environment = { MAX_EVENT_LOOP_DELAY_MS: '100' };
    const busy = await OrdersApi.start({ databaseUrl: database.url, environment });
    let isBusy = true;
    const block = (): void => {
      const end = performance.now() + 200;
      while (performance.now() < end);
      if (isBusy) setImmediate(block);
    };
    block();
    const refused = await eventually(async () => {
      const answer = await busy.call('/api/v1/orders');
      return answer.status === 503 && answer;
    });
    isBusy = false;
    expectProblem(refused, { status: 503, code: 'OVERLOADED' });
    for (const path of ['/health/live', '/health/%6cive']) expect((await busy.call(path)).status).toBe(200);
    // The parameter is refused with 400 and not with 503, because the exception depends on the route and not on the exact URL.
    expect((await busy.call('/health/live?a=b')).status).toBe(400);
    await eventually(async () => (await busy.call('/api/v1/orders')).status === 401);
    await busy.stop();
  });
});
