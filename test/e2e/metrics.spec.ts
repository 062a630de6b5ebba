import { CacheStatistics } from '../../apps/mes-api/src/cache-administration/cache-statistics.js';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { promtool } from '../support/promtool.js';
import { rawRequest } from '../support/raw-request.js';
import { RedisServer } from '../support/redis-server.js';
import { Scrape } from '../support/scrape.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const ORDERS = '/api/v1/orders';
const DURATIONS = 'mes_http_request_duration_seconds_count';
const TOKEN = 'a-token-for-prometheus';

let database: TestDatabase;
let redis: RedisServer;
let table: OrdersTable;
let api: OrdersApi;
let other: OrdersApi;
let first: Scrape;
let operator: string;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
  const options = { databaseUrl: database.url, redisUrl: redis.url };
  api = await OrdersApi.start({ ...options, environment: { RATE_LIMIT_PER_MINUTE: '500' } });
  first = await scrapeWithOrders();
  other = await OrdersApi.start({ ...options, environment: { METRICS_TOKEN: TOKEN } });
  table = await OrdersTable.connect(database.url);
  operator = await api.token('operator');
});

afterAll(async () => {
  await Promise.all([api.stop(), other.stop()]);
  await table.close();
  await Promise.all([redis.stop(), database.drop()]);
});

/** On a busy machine, a scrape may not wait long enough for the numbers of orders. */
function scrapeWithOrders(): Promise<Scrape> {
  return eventually(async () => {
    const scrape = await Scrape.of(api);
    return scrape.value('mes_orders') !== undefined && scrape;
  });
}

/** By how much values have grown through `action`, when they have grown at all, and by so much where that is given. */
async function growth(
  action: () => Promise<unknown>,
  read: (scrape: Scrape) => Record<string, number | undefined>,
  least: Readonly<Record<string, number>> = {},
): Promise<Record<string, number>> {
  const before = read(await Scrape.of(api));
  await action();
  let grown: Record<string, number> = {};
  // A response has ended for its client a moment before it has ended for the server.
  await eventually(async () => {
    const after = Object.entries(read(await Scrape.of(api)));
    grown = Object.fromEntries(after.map(([name, value = 0]) => [name, value - (before[name] ?? 0)]));
    return Object.entries(grown).every(([name, value]) => value > 0 && value >= (least[name] ?? 0));
  }).catch((error: unknown) => {
    throw new Error(`The values have grown by no more than ${JSON.stringify(grown)}`, { cause: error });
  });
  return grown;
}

async function create(changes: Record<string, unknown> = {}): Promise<string> {
  const token = await api.token('partner');
  const { status, body } = await api.call(ORDERS, { method: 'POST', token, body: newOrder(changes) });
  expect(status).toBe(201);
  return String(body.id);
}

function ask(path: string, headers: Record<string, string> = {}): ReturnType<OrdersApi['call']> {
  return api.call(path, { token: operator, headers });
}

/** A list that nobody has asked for. */
function newList(): string {
  return `${ORDERS}?status=NEW&q=${randomUUID().replaceAll('-', '')}`;
}

describe('the metrics', () => {
  it('satisfy promtool', async () => {
    const { text } = await Scrape.of(api);
    expect(await promtool(['check', 'metrics'], text)).toEqual({ exitCode: 0, output: '' });
  });

  it('exist from the start, with counters at zero', () => {
    // Those of Node.js tell of what there is just now.
    for (const name of first.names.filter((one) => one.startsWith('mes_'))) {
      const value = first.value(name) ?? first.value(`${name}_count`);
      expect({ name, exists: value !== undefined }).toEqual({ name, exists: true });
    }
    const zero = [
      ...['mes_cache_hits_total', 'mes_cache_misses_total', 'mes_cache_bypasses_total', 'mes_cache_loads_total'],
      ...['mes_cache_relayed_writes_total', 'mes_orders_created_total', 'mes_order_status_changes_total'],
      ...['mes_http_refusals_total', 'mes_database_pool_refusals_total', 'mes_redis_operation_failures_total'],
      ...['mes_order_time_to_start_seconds_count', 'mes_orders_overdue', 'mes_orders_due_soon', 'mes_orders'],
    ];
    for (const name of zero) expect({ name, value: first.value(name) }).toEqual({ name, value: 0 });
    expect(first.value('mes_cache_invalidations_total', { cause: 'expired-write' })).toBe(0);
    expect(first.value('mes_http_refusals_total', { code: 'OVERLOADED' })).toBe(0);
  });

  it('are exactly those that the operators’ documentation lists', async () => {
    const documentation = await readFile('docker/README.md', 'utf8');
    const listed = [...documentation.matchAll(/^\| `(mes_\w+)/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(first.names.filter((name) => name.startsWith('mes_')).sort());
  });

  it('tell version and build', () => {
    expect([...first.labelValues('mes_build_info', 'version')]).toEqual(['1.0.0']);
  });
});

describe('requests', () => {
  it('are counted by route, status and what the cache did', async () => {
    const list = newList();
    const of = (status: string, cache: string) => (scrape: Scrape) =>
      scrape.value(DURATIONS, { method: 'GET', route: ORDERS, status, cache });
    const grown = await growth(
      async () => {
        const { headers } = await ask(list);
        await ask(list);
        await ask(list);
        const { status } = await ask(list, { 'if-none-match': headers.get('etag') ?? '' });
        expect(status).toBe(304);
      },
      (scrape) => ({
        miss: of('2xx', 'miss')(scrape),
        near: of('2xx', 'l1')(scrape),
        notModified: of('304', 'l1')(scrape),
        hits: scrape.value('mes_cache_hits_total', { level: 'l1' }),
        misses: scrape.value('mes_cache_misses_total'),
        loads: scrape.value('mes_cache_loads_total'),
      }),
    );
    expect(grown).toEqual({ miss: 1, near: 2, notModified: 1, hits: 3, misses: 1, loads: 1 });
  });

  it('are told apart when another instance has loaded, and when others wait for the same load', async () => {
    const shared = newList();
    await other.call(shared, { token: await other.token('operator') });
    const grown = await growth(
      () => ask(shared),
      (scrape) => ({ l2: scrape.value(DURATIONS, { route: ORDERS, cache: 'l2' }) }),
    );
    expect(grown).toEqual({ l2: 1 });

    // An exclusive lock keeps the load waiting, until all have come.
    await table.query('BEGIN');
    await table.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const list = newList();
    const together = await growth(
      async () => {
        const first = ask(list);
        await eventually(async () => (await waitingLoads()) > 0);
        const arrived = arrivals(2);
        const others = [ask(list), ask(list)];
        await arrived;
        // Requests that arrived before these hits have looked into the cache before them.
        for (let i = 0; i < 2; i += 1) expect((await ask(shared)).headers.get('cache-status')).toBe('mes-near; hit');
        await table.query('COMMIT');
        await Promise.all([first, ...others]);
      },
      (scrape) => ({
        miss: scrape.value(DURATIONS, { route: ORDERS, cache: 'miss' }),
        collapsed: scrape.value(DURATIONS, { route: ORDERS, cache: 'collapsed' }),
      }),
      { collapsed: 2 },
    );
    expect(together).toEqual({ miss: 1, collapsed: 2 });
  });

  /** Resolves when so many requests have arrived. */
  function arrivals(count: number): Promise<void> {
    const server = api.application.getHttpServer();
    let left = count;
    return new Promise((resolve) => {
      const onRequest = (): void => {
        left -= 1;
        if (left > 0) return;
        server.off('request', onRequest);
        resolve();
      };
      server.on('request', onRequest);
    });
  }

  async function waitingLoads(): Promise<number> {
    const [row] = await table.query<{ n: number }>(
      `SELECT count(*)::integer AS n FROM pg_locks
       WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return row?.n ?? 0;
  }

  it('never make more labels, whatever their paths', async () => {
    const paths = (): string[] => Array.from({ length: 50 }, () => `/${randomUUID()}`);
    for (const path of [`/${randomUUID()}`, `${ORDERS}/${randomUUID()}`, `${ORDERS}?x=${randomUUID()}`])
      await ask(path);
    const before = await eventually(async () => {
      const scrape = await Scrape.of(api);
      return (scrape.value(DURATIONS, { route: 'unknown', status: '4xx' }) ?? 0) > 0 && scrape;
    });
    await Promise.all(paths().flatMap((path) => [ask(path), ask(`${ORDERS}${path}`), ask(`${ORDERS}?x=${path}`)]));
    await eventually(
      async () => ((await Scrape.of(api)).value(DURATIONS, { route: 'unknown', status: '4xx' }) ?? 0) >= 51,
    );
    const after = await Scrape.of(api);
    expect(after.labelValues(DURATIONS, 'route')).toEqual(before.labelValues(DURATIONS, 'route'));
    // So many requests at once may see a status that was not there before, which adds one histogram. 150 paths would add 150.
    expect(after.size - before.size).toBeLessThan(100);
  });

  it('that are refused are counted by the code of the problem', async () => {
    const token = await api.token('viewer', 'impatient-1');
    const grown = await growth(
      async () => {
        for (let i = 0; i < 510; i += 1) await api.call('/api/v1/cache/stats', { token });
      },
      (scrape) => ({ refused: scrape.value('mes_http_refusals_total', { code: 'RATE_LIMIT_EXCEEDED' }) }),
      { refused: 10 },
    );
    expect(grown.refused).toBe(10);
  });

  it('whose clients break off are no failures', async () => {
    const token = await api.token('partner');
    const aborted = (scrape: Scrape) =>
      scrape.value(DURATIONS, { method: 'POST', route: ORDERS, status: 'aborted', cache: 'none' });
    const grown = await growth(
      async () => {
        await breakOff(api, token);
      },
      (scrape) => ({ aborted: aborted(scrape) }),
    );
    expect(grown).toEqual({ aborted: 1 });
    const scrape = await Scrape.of(api);
    expect(scrape.value(DURATIONS, { route: ORDERS, status: '5xx' })).toBeUndefined();
    expect(scrape.value('mes_http_refusals_total', { code: 'DATABASE_UNAVAILABLE' })).toBe(0);
  });

  it('that fail by a mistake of the program are counted', async () => {
    await table.query('ALTER TABLE order_status_counts RENAME COLUMN count TO gone');
    try {
      const grown = await growth(
        async () => {
          expect((await ask('/api/v1/dashboard/statuses')).status).toBe(500);
        },
        (scrape) => ({ errors: scrape.value('mes_http_errors_total') }),
      );
      expect(grown).toEqual({ errors: 1 });
    } finally {
      await table.query('ALTER TABLE order_status_counts RENAME COLUMN gone TO count');
    }
  });

  it('that cannot be read are counted', async () => {
    const grown = await growth(
      () =>
        new Promise<void>((resolve, reject) => {
          const { hostname, port } = new URL(api.url);
          const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
          socket.on('close', () => {
            resolve();
          });
          socket.on('error', reject);
          socket.resume();
        }),
      (scrape) => ({ unreadable: scrape.value('mes_http_unreadable_requests_total') }),
    );
    expect(grown).toEqual({ unreadable: 1 });
  });
});

describe('the floor', () => {
  it('is counted by status, and late orders by priority', async () => {
    const before = await scrapeWithOrders();
    const inTwoHours = new Date(Date.now() + 2 * 3_600_000).toISOString();
    const late = await create({ priority: 'URGENT', dueAt: inTwoHours });
    await create({ priority: 'LOW', dueAt: inTwoHours });
    const done = await create({ priority: 'HIGH', dueAt: inTwoHours });
    await table.query("UPDATE orders SET due_at = now() - interval '1 hour' WHERE id = ANY($1)", [[late, done]]);
    await table.query("UPDATE orders SET status = 'CANCELLED' WHERE id = $1", [done]);
    const after = await scrapeWithOrders();
    const added = (name: string, labels: Record<string, string>): number =>
      (after.value(name, labels) ?? NaN) - (before.value(name, labels) ?? NaN);
    expect(added('mes_orders', { status: 'NEW' })).toBe(2);
    expect(added('mes_orders', { status: 'CANCELLED' })).toBe(1);
    expect(added('mes_orders_overdue', { priority: 'URGENT' })).toBe(1);
    expect(added('mes_orders_overdue', { priority: 'HIGH' })).toBe(0);
    expect(added('mes_orders_due_soon', { priority: 'LOW' })).toBe(1);
    expect(after.value('mes_orders_late_exact')).toBe(1);
    expect(added('mes_orders_created_total', { source: 'SHOP' })).toBe(3);
    expect(after.value('mes_oldest_new_order_age_seconds')).toBeGreaterThan(0);
  });

  it('tells how long orders waited for their start and for their completion', async () => {
    const id = await create({ priority: 'HIGH' });
    await table.query("UPDATE orders SET created_at = created_at - interval '3 hours' WHERE id = $1", [id]);
    const read = (scrape: Scrape): Record<string, number | undefined> => ({
      started: scrape.value('mes_order_time_to_start_seconds_count', { priority: 'HIGH' }),
      startedIn: scrape.value('mes_order_time_to_start_seconds_sum', { priority: 'HIGH' }),
      completed: scrape.value('mes_order_time_to_completion_seconds_count', { priority: 'HIGH' }),
    });
    const grown = await growth(async () => {
      for (const status of ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED']) {
        await api.call(`${ORDERS}/${id}/status`, { method: 'PATCH', token: operator, body: { status } });
      }
    }, read);
    expect(grown).toMatchObject({ started: 1, completed: 1 });
    expect(grown.startedIn).toBeGreaterThan(3 * 3_600 - 1);
    expect(grown.startedIn).toBeLessThan(3 * 3_600 + 60);
  });

  it('tells of a wrong clock', async () => {
    const { now } = Date;
    Date.now = () => now() + 600_000;
    try {
      const ahead = (await scrapeWithOrders()).value('mes_clock_offset_seconds') ?? NaN;
      expect(Math.abs(ahead - 600)).toBeLessThan(30);
    } finally {
      Date.now = now;
    }
    expect(Math.abs((await scrapeWithOrders()).value('mes_clock_offset_seconds') ?? NaN)).toBeLessThan(30);
  });

  it('is left out while it cannot be counted', async () => {
    await table.query('ALTER TABLE order_status_counts RENAME TO gone');
    try {
      const scrape = await Scrape.of(api);
      for (const name of ['mes_orders', 'mes_orders_overdue', 'mes_oldest_new_order_age_seconds']) {
        expect(scrape.value(name)).toBeUndefined();
      }
      expect(scrape.value('mes_cache_available')).toBe(1);
    } finally {
      await table.query('ALTER TABLE gone RENAME TO order_status_counts');
    }
    expect((await scrapeWithOrders()).value('mes_orders', { status: 'NEW' })).toBeGreaterThan(0);
  });
});

describe('what is below', () => {
  it('tells of changes by SQL, past the API', async () => {
    const id = await create();
    const grown = await growth(
      () => table.query("UPDATE orders SET material = 'Gold 750' WHERE id = $1", [id]),
      (scrape) => ({ notified: scrape.value('mes_database_notified_changes_total') }),
    );
    expect(grown.notified).toBeGreaterThanOrEqual(1);
  });

  it('counts the time for which the process stood still', async () => {
    const grown = await growth(
      () => {
        const until = performance.now() + 2_000;
        while (performance.now() < until);
        return Promise.resolve();
      },
      (scrape) => ({ stoodStill: scrape.value('mes_standstill_seconds_total') }),
    );
    expect(grown.stoodStill).toBeGreaterThan(1.5);
  });

  it('counts the statements of a write and of a read', async () => {
    const isStored = async (): Promise<boolean> => {
      const { headers } = await ask(newList());
      return headers.get('cache-status')?.endsWith('stored') ?? false;
    };
    // An instance that stood still, as in the test above, may do without the cache for a while.
    await eventually(isStored);
    const grown = await growth(
      async () => {
        await create();
        expect(await isStored()).toBe(true);
      },
      (scrape) => ({
        inserts: scrape.value('mes_database_statement_duration_seconds_count', { kind: 'insert' }),
        snapshots: scrape.value('mes_redis_operation_duration_seconds_count', { operation: 'snapshot' }),
        begins: scrape.value('mes_redis_operation_duration_seconds_count', { operation: 'begin' }),
        reads: scrape.value('mes_cache_snapshot_reads_sum'),
      }),
    );
    expect(grown).toMatchObject({ inserts: 1, begins: 1, reads: 1 });
    const scrape = await Scrape.of(api);
    expect(scrape.value('mes_database_pool_size')).toBe(10);
    expect(scrape.value('mes_database_pool_waiting')).toBe(0);
    await eventually(async () => ((await Scrape.of(api)).value('mes_database_listen_silence_seconds') ?? NaN) < 3);
    expect(scrape.value('mes_cache_l1_entries')).toBeGreaterThan(0);
    expect(scrape.value('mes_cache_l1_bytes')).toBeGreaterThan(100);
  });

  it('shows a write that hangs', async () => {
    const id = await create();
    await table.query('BEGIN');
    await table.query('SELECT 1 FROM orders WHERE id = $1 FOR UPDATE', [id]);
    const change = api.call(`${ORDERS}/${id}/status`, {
      method: 'PATCH',
      token: operator,
      body: { status: 'MANUFACTURING_STARTED' },
    });
    await eventually(async () => {
      const scrape = await Scrape.of(api);
      return (
        scrape.value('mes_cache_pending_writes') === 1 &&
        (scrape.value('mes_cache_oldest_pending_write_age_seconds') ?? 0) > 0
      );
    });
    await table.query('COMMIT');
    expect((await change).status).toBe(200);
    expect((await Scrape.of(api)).value('mes_cache_pending_writes')).toBe(0);
  });

  function renewals(): number {
    const counts = [api, other].flatMap(({ application }) =>
      Object.values(application.get(CacheStatistics).counts.epochRenewals),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  it('shows that everything was invalidated, and why', async () => {
    const admin = await api.token('admin');
    const grown = await growth(
      () => api.call('/api/v1/cache/evictions', { method: 'POST', token: admin, body: { tags: ['epoch'] } }),
      (scrape) => ({ renewals: scrape.value('mes_cache_epoch_renewals_total', { cause: 'request' }) }),
    );
    expect(grown.renewals).toBeGreaterThanOrEqual(1);
  });

  it('shows that Redis is away, what that costs, and that it is back', async () => {
    const before = await Scrape.of(api);
    const renewedBefore = renewals();
    await redis.kill();
    await eventually(async () => (await Scrape.of(api)).value('mes_cache_available') === 0);
    await ask(newList());
    await create();
    const away = await eventually(async () => {
      const scrape = await Scrape.of(api);
      return (
        scrape.value('mes_cache_relayed_writes_total') !== before.value('mes_cache_relayed_writes_total') && scrape
      );
    });
    const added = (name: string, labels: Record<string, string> = {}): number =>
      (away.value(name, labels) ?? NaN) - (before.value(name, labels) ?? NaN);
    expect(added('mes_cache_bypasses_total', { reason: 'redis-away' })).toBe(1);
    expect(added('mes_cache_unannounced_writes_total')).toBe(1);
    expect(added('mes_cache_relay_duration_seconds_count', { result: 'done' })).toBe(1);
    await redis.restart();
    await eventually(async () => (await Scrape.of(api)).value('mes_cache_available') === 1);
    // One of the instances was the first to come back to the empty Redis.
    expect(renewals()).toBeGreaterThan(renewedBefore);
  });
});

describe('/metrics', () => {
  it('with a token is for those with the token', async () => {
    expect((await other.call('/metrics', { token: TOKEN })).status).toBe(200);
    for (const token of [undefined, `${TOKEN}x`, TOKEN.slice(1), await other.token('admin')]) {
      expectProblem(await other.call('/metrics', token === undefined ? {} : { token }), {
        status: 401,
        code: 'METRICS_TOKEN_INVALID',
      });
    }
    // Also through a proxy.
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    expect((await other.call('/metrics', { token: TOKEN, headers })).status).toBe(200);
  });

  it('without a token is for this machine', async () => {
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      const headers = { [name]: '127.0.0.1' };
      expectProblem(await api.call('/metrics', { headers }), { status: 403, code: 'METRICS_LOCAL_ONLY' });
    }
    // A page of any origin can point its own host name at this machine.
    for (const headers of [{ Host: 'evil.example' }, { Host: '192.0.2.1' }, { origin: 'http://evil.example' }]) {
      const answer = await rawRequest(api.url, { path: '/metrics', headers });
      expectProblem(answer, { status: 403, code: 'METRICS_LOCAL_ONLY' });
    }
    const server = api.application.getHttpAdapter().getInstance();
    const statusFrom = async (remoteAddress: string): Promise<number> =>
      (await server.inject({ url: '/metrics', remoteAddress })).statusCode;
    expect(await statusFrom('192.0.2.1')).toBe(403);
    expect(await statusFrom('::ffff:192.0.2.1')).toBe(403);
    expect(await statusFrom('::ffff:127.0.0.1')).toBe(200);
    expect(await statusFrom('::1')).toBe(200);
  });
});

/** Sends a part of a body, and goes away. */
async function breakOff({ url, application }: OrdersApi, token: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const arrival = once(application.getHttpServer(), 'request') as Promise<[IncomingMessage]>;
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    `POST ${ORDERS} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n` +
      'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"source":',
  );
  const [request] = await arrival;
  // The API has begun to read the body.
  await eventually(() => request.listenerCount('data') > 0);
  socket.destroy();
  await once(socket, 'close');
}
