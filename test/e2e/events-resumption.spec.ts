import fc from 'fast-check';
import { EventStream, type ReceivedEvent } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const WRITERS = 4;

type Step =
  /** A writer inserts orders, in its open transaction or in a new one. */
  | { readonly kind: 'write'; readonly writer: number; readonly orders: number }
  | { readonly kind: 'commit' | 'roll back'; readonly writer: number }
  | { readonly kind: 'create'; readonly instance: number }
  /** The client loses its connection and the last few events, and reconnects. */
  | { readonly kind: 'drop'; readonly instance: number; readonly lost: number }
  /** The client waits for all events so far. */
  | { readonly kind: 'catch up' };

const writer = fc.nat(WRITERS - 1);
const instance = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('write' as const), writer, orders: fc.integer({ min: 1, max: 120 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'roll back' as const), writer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('create' as const), instance }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('drop' as const), instance, lost: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('catch up' as const) }) },
);

/** A writer whose transactions stay open as long as a test wants. */
class Writer {
  private written: string[] = [];

  constructor(private readonly table: OrdersTable) {}

  async write(materials: readonly string[]): Promise<void> {
    if (this.written.length === 0) await this.table.query('BEGIN');
    await this.table.query(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by)
       SELECT gen_random_uuid(), 'CRM', 'C-1', 'Anna', 'Ring', material, 1, 'NORMAL', 'sql' FROM unnest($1::text[]) AS material`,
      [materials],
    );
    this.written.push(...materials);
  }

  /** Ends the transaction, and returns the materials of its committed orders. */
  async end(how: 'COMMIT' | 'ROLLBACK'): Promise<readonly string[]> {
    const written = this.written;
    this.written = [];
    if (written.length > 0) await this.table.query(how);
    return how === 'COMMIT' ? written : [];
  }
}

/** A client that records its events across all its connections. */
class Client {
  readonly told: ReceivedEvent[] = [];

  private constructor(
    private stream: EventStream,
    private first: number,
  ) {}

  static async begin(api: OrdersApi): Promise<Client> {
    return new Client(await connect(api), 0);
  }

  /** The materials in all events so far. */
  materials(): string[] {
    this.told.splice(this.first, Infinity, ...this.stream.news);
    return this.told.map(({ event, data }) => (event === 'order.created' ? String(data.material) : event));
  }

  async comeAgain(api: OrdersApi, lost: number): Promise<void> {
    this.stream.drop();
    this.materials();
    const isKnown = this.told.length - lost > 0;
    if (isKnown) this.told.splice(this.told.length - lost);
    this.first = this.told.length;
    const lastEventId = isKnown && lost > 0 ? this.told.at(-1)?.id : this.stream.lastEventId;
    this.stream = await connect(api, lastEventId);
  }

  leave(): void {
    this.stream.drop();
  }
}

async function connect(api: OrdersApi, lastEventId?: string): Promise<EventStream> {
  return EventStream.open(api.url, { token: await api.token('viewer'), lastEventId });
}

describe('the live events', () => {
  let database: TestDatabase;
  let apis: OrdersApi[];
  let tables: OrdersTable[];
  let orders = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    const start = (): Promise<OrdersApi> =>
      OrdersApi.start({ databaseUrl: database.url, redisUrl: process.env.TEST_REDIS_URL });
    apis = [await start(), await start()];
    tables = await Promise.all(Array.from({ length: WRITERS }, () => OrdersTable.connect(database.url)));
  });

  afterAll(async () => {
    for (const table of tables) await table.close();
    for (const api of apis) await api.stop();
    await database.drop();
  });

  function api(index: number): OrdersApi {
    const found = apis[index];
    if (!found) throw new Error(`there is no instance ${index}`);
    return found;
  }

  function materials(count: number): string[] {
    return Array.from({ length: count }, () => `Gold ${(orders += 1)}`);
  }

  async function play(steps: readonly Step[]): Promise<void> {
    const writers = tables.map((table) => new Writer(table));
    const client = await Client.begin(api(0));
    const committed: string[] = [];
    const caughtUp = async (): Promise<void> => {
      await eventually(() => client.materials().length >= committed.length);
    };
    try {
      for (const one of steps) {
        switch (one.kind) {
          case 'write':
            await writers[one.writer]?.write(materials(one.orders));
            break;
          case 'commit':
          case 'roll back':
            committed.push(...((await writers[one.writer]?.end(one.kind === 'commit' ? 'COMMIT' : 'ROLLBACK')) ?? []));
            break;
          case 'create': {
            const [material = ''] = materials(1);
            const token = await api(one.instance).token('partner');
            const body = newOrder({ material });
            const { status } = await api(one.instance).call('/api/v1/orders', { method: 'POST', token, body });
            // Transactions that update the same count wait for each other, but only for a limited time.
            if (status === 201) committed.push(material);
            else expect(status).toBe(503);
            break;
          }
          case 'drop':
            await client.comeAgain(api(one.instance), one.lost);
            break;
          case 'catch up':
            await caughtUp();
        }
      }
      for (const one of writers) committed.push(...(await one.end('COMMIT')));
      // A duplicate event would arrive before this one.
      const [last = ''] = materials(1);
      const token = await api(0).token('partner');
      await api(0).call('/api/v1/orders', { method: 'POST', token, body: newOrder({ material: last }) });
      committed.push(last);
      await eventually(() => client.materials().includes(last));
      expect(client.materials().sort()).toEqual(committed.sort());
    } finally {
      client.leave();
      for (const one of writers) await one.end('ROLLBACK');
    }
  }

  it('arrive exactly once even if transactions overlap and connections break', async () => {
    const few = fc
      .array(step, { minLength: 5, maxLength: 40, size: 'max' })
      .filter((steps) => missedAtMost(steps, 1_000));
    await fc.assert(fc.asyncProperty(few, play), { numRuns: 30, interruptAfterTimeLimit: 60_000 });
  });
});

/** Whether the steps create fewer events than a client may miss without a reset. */
function missedAtMost(steps: readonly Step[], most: number): boolean {
  return steps.reduce((sum, one) => sum + (one.kind === 'write' ? one.orders : 1), 0) < most;
}
