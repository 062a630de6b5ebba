import { execFile, type ExecFileException } from 'node:child_process';
import { resolve } from 'node:path';
import pg from 'pg';
import { nextStatuses, ORDER_STATUSES, type OrderStatus } from '../../apps/mes-api/src/orders/order-status.js';
import { ApiProcess } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

interface Dashboard {
  readonly counts: Record<OrderStatus, number>;
  readonly oldestNewOrderAt: string;
  readonly createdLast24h: readonly { readonly hour: string; readonly count: number }[];
}

interface OrderRow {
  readonly status: OrderStatus;
  readonly previous: OrderStatus | null;
  readonly version: number;
  readonly created: Date;
  readonly updated: Date;
  readonly history: readonly { from: OrderStatus; to: OrderStatus; version: number; at: string }[] | null;
}

interface Standing {
  readonly status: OrderStatus;
  readonly previous: OrderStatus | null;
  readonly version: number;
  readonly at: number;
}

const ORDERS = 3_000;

describe('the sample command', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let client: pg.Client;
  /** Sees what happens while {@link client} is in a transaction. */
  let other: pg.Client;
  let viewer: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: process.env.TEST_REDIS_URL });
    client = new pg.Client(database.url);
    other = new pg.Client(database.url);
    await Promise.all([client.connect(), other.connect()]);
    viewer = await api.token('viewer');
    // Fills the cache with responses that the sample must invalidate.
    expect((await dashboard()).counts.CLOSED).toBe(0);
    expect(await newestOrders()).toEqual([]);
    expect(await sample('--orders', String(ORDERS))).toMatchObject({ exitCode: 0 });
  });

  afterAll(async () => {
    await Promise.all([client.end(), other.end()]);
    await api.stop();
    await database.drop();
  });

  async function sample(...args: string[]): Promise<{ exitCode: number; output: string }> {
    const register = resolve('test/support/register-typescript.js');
    const program = resolve('apps/mes-api/src/commands/sample.ts');
    const env = { ...process.env, DATABASE_URL: database.url, REDIS_URL: process.env.TEST_REDIS_URL };
    return new Promise((resolve) => {
      execFile(process.execPath, ['--import', register, program, ...args], { env }, (error, stdout, stderr) => {
        const { code } = (error ?? { code: 0 }) as ExecFileException;
        resolve({ exitCode: Number(code), output: stdout + stderr });
      });
    });
  }

  /** Starts the command, for a test that interrupts it. */
  function start(databaseUrl: string): ApiProcess {
    const program = 'apps/mes-api/src/commands/sample.ts';
    const environment = { DATABASE_URL: databaseUrl, DATABASE_WAIT_SECONDS: '30' };
    return new ApiProcess(environment, { program, preloads: ['test/support/tell-signals.ts'] });
  }

  /** Waits until a session of the command is in a state that the condition names. */
  async function untilItsSession(condition = 'true'): Promise<void> {
    await eventually(async () => {
      const sessions = `SELECT FROM pg_stat_activity WHERE application_name = 'mes-orders-sample' AND ${condition}`;
      const { rowCount } = await other.query(sessions);
      return rowCount === 1;
    });
  }

  async function select<T>(sql: string): Promise<T[]> {
    return (await client.query<T & pg.QueryResultRow>(sql)).rows;
  }

  async function countByStatus(): Promise<Record<string, number>> {
    const rows = await select<{ status: OrderStatus; count: number }>(
      'SELECT status, count(*)::integer FROM orders GROUP BY status',
    );
    return Object.fromEntries(
      ORDER_STATUSES.map((name) => [name, rows.find((row) => row.status === name)?.count ?? 0]),
    );
  }

  async function dashboard(): Promise<Dashboard> {
    return (await api.call<Dashboard>('/api/v1/dashboard/statuses', { token: viewer })).body;
  }

  async function newestOrders(): Promise<{ id: string }[]> {
    const { body } = await api.call<{ items: { id: string }[] }>('/api/v1/orders?limit=200', { token: viewer });
    return body.items;
  }

  it('adds the requested number of orders', async () => {
    const counts = await countByStatus();
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(ORDERS);
  });

  it('adds orders that an instance with a filled cache shows at once', async () => {
    const { counts, oldestNewOrderAt, createdLast24h } = await dashboard();
    expect(counts).toEqual(await countByStatus());
    const [row] = await select<{ oldest: Date; lately: number }>(
      `SELECT min(created_at) FILTER (WHERE status = 'NEW') AS oldest,
        (count(*) FILTER (WHERE created_at >= '${createdLast24h[0]?.hour ?? ''}'))::integer AS lately
      FROM orders`,
    );
    expect(oldestNewOrderAt).toBe(row?.oldest.toISOString());
    expect(createdLast24h.reduce((sum, { count }) => sum + count, 0)).toBe(row?.lately);
    expect(await newestOrders()).toHaveLength(200);
  });

  it('writes only histories that the transition table allows and that end at the order’s status', async () => {
    const orders = await select<OrderRow>(
      `SELECT status, previous_status AS previous, o.version, created_at AS created, updated_at AS updated,
        json_agg(json_build_object('from', from_status, 'to', to_status, 'version', c.version, 'at', changed_at)
          ORDER BY c.version) FILTER (WHERE c.version IS NOT NULL) AS history
      FROM orders o LEFT JOIN order_status_changes c ON c.order_id = o.id GROUP BY o.id`,
    );
    expect(orders).toHaveLength(ORDERS);
    expect(orders.map(replay)).toEqual(
      orders.map(({ status, previous, version, updated }) => ({ status, previous, version, at: updated.getTime() })),
    );
  });

  it('assigns an order to the operator who starts the work, and to nobody before', async () => {
    const wrong = await select(
      `SELECT o.id FROM orders o LEFT JOIN LATERAL (
        SELECT changed_by FROM order_status_changes c
        WHERE c.order_id = o.id AND to_status = 'MANUFACTURING_STARTED' AND from_status <> 'ON_HOLD'
        ORDER BY version DESC LIMIT 1
      ) AS taken ON true WHERE o.assignee IS DISTINCT FROM taken.changed_by`,
    );
    expect(wrong).toEqual([]);
  });

  it('adds orders with plausible times: due after their creation, and changed in the past', async () => {
    expect(await select(`SELECT id FROM orders WHERE due_at <= created_at OR updated_at > now()`)).toEqual([]);
  });

  it('adds orders that the API can change', async () => {
    const token = await api.token('operator');
    const [order] = await select<{ id: string }>(`SELECT id FROM orders WHERE status = 'NEW' AND version = 1 LIMIT 1`);
    const taken = await api.call(`/api/v1/orders/${order?.id ?? ''}/status`, {
      ...{ method: 'PATCH', token, body: { status: 'MANUFACTURING_STARTED' } },
    });
    expect(taken).toMatchObject({ status: 200, body: { assignee: 'operator-1', version: 2 } });
    const created = await api.call('/api/v1/orders', {
      ...{ method: 'POST', token: await api.token('partner') },
      body: {
        ...{ source: 'SHOP', material: 'Gold 585', quantity: 1 },
        customer: { id: 'C', name: 'N' },
        product: { name: 'P' },
      },
    });
    expect(created).toMatchObject({ status: 201, body: { number: ORDERS + 1 } });
  });

  it('adds more orders if it runs again with the same seed', async () => {
    const before = Object.values(await countByStatus()).reduce((sum, count) => sum + count, 0);
    expect(await sample('--orders', '500')).toMatchObject({ exitCode: 0 });
    const counts = await countByStatus();
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(before + 500);
    expect((await dashboard()).counts).toEqual(counts);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('stops at %s while it waits for PostgreSQL', async (signal) => {
    const command = start('postgres://nobody@127.0.0.1:1/none');
    await eventually(() => command.output.includes('The database is not ready yet'));
    command.signal(signal);
    expect(await command.ended()).toBe(1);
    expect(command.output).toMatch(/\nCannot load the sample: interrupted\n$/);
  });

  it('adds nothing, and does not analyse, if it is interrupted before the first orders', async () => {
    const analyses = `SELECT analyze_count FROM pg_stat_user_tables WHERE relname = 'orders'`;
    const before = await select(analyses);
    await client.query('BEGIN; LOCK TABLE orders');
    const command = start(database.url);
    try {
      await untilItsSession(`wait_event_type = 'Lock'`);
      command.signal('SIGTERM');
      await eventually(() => command.output.includes('received SIGTERM'));
    } finally {
      await client.query('ROLLBACK');
    }
    expect(await command.ended()).toBe(1);
    expect(command.output).toContain('Interrupted: 0 orders added');
    expect(await select(analyses)).toEqual(before);
  });

  it('ends at once at a later signal, even if PostgreSQL does not answer', async () => {
    const proxy = await TcpProxy.open(database.url);
    const command = start(proxy.url);
    try {
      await untilItsSession();
      proxy.block();
      await command.hurry();
      expect(await command.ended()).toBe(1);
      expect(command.output).not.toContain('Cannot load the sample');
    } finally {
      await proxy.close();
      await command.destroy();
    }
  });

  it('reports invalid arguments in one line', async () => {
    const { exitCode, output } = await sample('--order', '5');
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^Cannot load the sample: Unknown option '--order'[^\n]*\n$/);
  });
});

/** The state of an order after the allowed changes at the start of its history. */
function replay({ created, history }: OrderRow): Standing {
  let standing: Standing = { status: 'NEW', previous: null, version: 1, at: created.getTime() };
  for (const { from, to, version, at } of history ?? []) {
    const next = nextStatuses({ status: standing.status, previousStatus: standing.previous ?? undefined });
    const isLegal = from === standing.status && next.includes(to);
    if (!isLegal || version !== standing.version + 1 || Date.parse(at) <= standing.at) break;
    standing = { status: to, previous: from, version, at: Date.parse(at) };
  }
  return standing;
}
