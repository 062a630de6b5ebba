import { readCacheNamespace } from '@mes/database';
import { DataSource } from 'typeorm';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { RedisMonitor } from '../support/redis-monitor.js';
import { RedisServer } from '../support/redis-server.js';
import { StatementLog } from '../support/statement-log.js';
import { newOrder } from '../support/test-orders.js';

interface Listed {
  readonly items: readonly { readonly id: string }[];
}

interface Created {
  readonly id: string;
}

const NEW_ORDERS = '/api/v1/orders?status=NEW';
const MOST_URGENT = `${NEW_ORDERS}&sort=-priority`;
const OLDEST = `${NEW_ORDERS}&sort=createdAt`;
const TOTAL = '/api/v1/orders/count?status=NEW';
const DASHBOARD = '/api/v1/dashboard/statuses';

describe('the cache', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let statements: StatementLog;
  let monitor: RedisMonitor;
  let api: OrdersApi;
  let partner: string;
  let operator: string;
  let namespace: string;
  const everything: string[] = [];

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres({ settings: { log_statement: 'all' } }), RedisServer.start()]);
    const databaseUrl = await postgres.createDatabase();
    api = await OrdersApi.start({ databaseUrl, redisUrl: redis.url });
    [partner, operator] = await Promise.all([api.token('partner'), api.token('operator')]);
    namespace = await readCacheNamespace(api.application.get(DataSource));
    statements = new StatementLog(postgres);
    monitor = await RedisMonitor.open(redis.url);
  });

  afterAll(async () => {
    monitor.close();
    await api.stop();
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  async function create(): Promise<string> {
    const { body, status } = await api.call<Created>('/api/v1/orders', {
      method: 'POST',
      token: partner,
      body: newOrder(),
    });
    expect(status).toBe(201);
    return body.id;
  }

  /** Creates an order, and waits until all is stored that the write has refreshed, which happens after the answer. */
  async function createAndSettle(): Promise<string> {
    await watched();
    const id = await create();
    const commands: string[] = [];
    const sets = (kind: string): number =>
      commands.filter((line) => line.startsWith(`SET {${namespace}}:${kind}:`)).length;
    await eventually(async () => {
      commands.push(...(await watched()).redis);
      // The write acquires a lease for each refreshed response, and stores two views of the order.
      return sets('lease') > 0 && sets('entry') === sets('lease') + 2;
    });
    return id;
  }

  /** Names the statements of a write: the write itself, and then what it refreshes, in any order. */
  function namesOf(sql: readonly string[]): string[] {
    const names = sql.map((statement) => {
      if (/^\s*(INSERT INTO orders|WITH (held|changed) AS)/.test(statement)) return 'write';
      if (statement.includes('JOIN (SELECT * FROM order_status_changes')) return 'repeated';
      if (statement.includes('order_arrivals')) return 'dashboard';
      if (statement.includes('order_status_counts')) return 'total';
      if (statement.includes('ORDER BY o.urgency ASC')) return 'most urgent';
      return statement.includes('ORDER BY o.created_at DESC') ? 'newest' : statement;
    });
    return [names[0] ?? '', ...names.slice(1).sort()];
  }

  async function take(id: string): Promise<number> {
    const body = { status: 'MANUFACTURING_STARTED' };
    return (await api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: operator, body })).status;
  }

  /** The SQL statements and Redis commands since the last call. */
  async function watched(): Promise<{ sql: string[]; redis: string[] }> {
    const commands = await monitor.take(redis.url);
    everything.push(...commands);
    return {
      sql: withoutNotifications(await statements.take()),
      redis: commands.map((line) => line.replaceAll('"', '')),
    };
  }

  /** Removes notifications of the live events, which follow a write at any time. */
  function withoutNotifications(sql: readonly string[]): string[] {
    return sql.filter((statement) => !statement.includes('pg_notify'));
  }

  it('writes a new order to the database, then to the cache, and refreshes what is polled', async () => {
    await watched();
    const id = await create();
    const seen = await watched();
    expect(namesOf(seen.sql)).toEqual(['write', 'dashboard', 'most urgent', 'newest', 'total']);
    expect(
      seen.redis.filter((line) => line.startsWith(`SET {${namespace}}:entry:`) && line.includes(`:order:${id}:`)),
    ).toHaveLength(2);
    expect(seen.redis.some((line) => line.startsWith(`SET {${namespace}}:version:order:${id} `))).toBe(true);

    const read = await api.call(`/api/v1/orders/${id}`, { token: operator });
    expect(read.headers.get('cache-status')).toBe('mes-redis; hit');
    const listed = await api.call<Listed>(NEW_ORDERS, { token: operator });
    expect(listed.headers.get('cache-status')).toBe('mes-near; hit');
    expect(listed.body.items[0]?.id).toBe(id);
    const urgent = await api.call<Listed>(MOST_URGENT, { token: operator });
    expect(urgent.headers.get('cache-status')).toBe('mes-near; hit');
    expect(urgent.body.items[0]?.id).toBe(id);
    const total = await api.call<{ count: number }>(TOTAL, { token: operator });
    expect(total.headers.get('cache-status')).toBe('mes-near; hit');
    expect(total.body.count).toBe(listed.body.items.length);
    const counted = await api.call<{ counts: { NEW: number } }>(DASHBOARD, { token: operator });
    expect(counted.headers.get('cache-status')).toBe('mes-near; hit');
    expect(counted.body.counts.NEW).toBe(listed.body.items.length);
    expect((await watched()).sql).toEqual([]);

    const own = await api.call(`/api/v1/orders/${id}`, { token: partner });
    expect(own.headers.get('cache-status')).toBe('mes-redis; hit');
    // The partner may only cancel it.
    expect(own.body).toEqual({ ...read.body, nextStatuses: ['CANCELLED'] });
  });

  it('answers from L1 without SQL, and reads only tag versions from Redis', async () => {
    const id = await createAndSettle();
    for (const path of [NEW_ORDERS, DASHBOARD, `/api/v1/orders/${id}`]) {
      const first = await api.call(path, { token: operator });
      await watched();
      const hit = await api.call(path, { token: operator });
      const seen = await watched();
      expect(hit.headers.get('cache-status')).toBe('mes-near; hit');
      expect(hit.body).toEqual(first.body);
      expect(seen.sql).toEqual([]);
      expect(seen.redis.map((line) => line.split(' ')[0])).toEqual(['MGET']);
    }
  });

  it('answers a miss with one query, stores the response, and keeps other instances from loading it meanwhile', async () => {
    // The first load sends Redis the script that looks for pending writes.
    await api.call('/api/v1/orders?status=ON_HOLD', { token: operator });
    await createAndSettle();
    const miss = await api.call<Listed>(OLDEST, { token: operator });
    const missed = await watched();
    expect(miss.headers.get('cache-status')).toBe('mes; fwd=miss; stored');
    expect(missed.sql).toHaveLength(1);
    expect(missed.sql[0]).toMatch(/^\s*SELECT/);
    const lookingForWrites = ['EVALSHA', 'HVALS', 'GET', 'PEXPIRE', 'GET', 'PEXPIRE'];
    const commands = missed.redis.map((line) => line.split(' ')[0]);
    expect(commands).toEqual(['MGET', 'GET', 'SET', ...lookingForWrites, 'SET']);
    expect(missed.redis[2]).toMatch(/^SET \S+:lease:.* NX$/);
  });

  it('invalidates tags on a status change, so that the next list of new orders lacks the order', async () => {
    const id = await create();
    for (const path of [NEW_ORDERS, OLDEST]) {
      const before = await api.call<Listed>(path, { token: operator });
      expect(before.body.items.map((order) => order.id)).toContain(id);
    }
    for (const path of [MOST_URGENT, TOTAL, DASHBOARD]) await api.call(path, { token: operator });
    await watched();
    expect(await take(id)).toBe(200);
    const changed = await watched();
    expect(namesOf(changed.sql)).toEqual(['write', 'dashboard', 'most urgent', 'newest', 'total']);
    for (const tag of ['orders:NEW', 'orders:MANUFACTURING_STARTED', 'orders:counts', `order:${id}`]) {
      expect(changed.redis.some((line) => line.startsWith(`SET {${namespace}}:version:${tag} `))).toBe(true);
    }
    const after = await api.call<Listed>(NEW_ORDERS, { token: operator });
    expect(after.headers.get('cache-status')).toBe('mes-near; hit');
    expect(after.body.items.map((order) => order.id)).not.toContain(id);
    const oldest = await api.call<Listed>(OLDEST, { token: operator });
    expect(oldest.headers.get('cache-status')).toBe('mes; fwd=miss; stored');
    expect(oldest.body.items.map((order) => order.id)).not.toContain(id);
  });

  it('changes several orders in one statement, and looks in another whether the refused ones were changed before', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => create()));
    const several = async (orders: readonly string[]): Promise<number> => {
      const body = { orders: orders.map((id) => ({ id })), status: 'MANUFACTURING_STARTED' };
      const request = { method: 'PATCH', token: await api.token('operator', 'operator-2'), body };
      const answer = await api.call<{ results: { status: number }[] }>('/api/v1/orders/status', request);
      return answer.body.results.filter(({ status }) => status === 200).length;
    };
    const [first = '', second = ''] = ids;
    await take(first);
    await take(second);
    await watched();
    expect(await several(ids)).toBe(18);
    const { sql } = await watched();
    expect(namesOf(sql).filter((name) => name === 'write' || name === 'repeated')).toEqual(['write', 'repeated']);
  });

  it('refreshes on write only what is asked for', async () => {
    const PAGE = [MOST_URGENT, TOTAL];
    for (let n = 0; n < 4; n += 1) await create();
    expect(namesOf((await watched()).sql).slice(-1)).toEqual(['write']);
    for (const path of PAGE) await api.call(path, { token: operator });
    await watched();
    const id = await create();
    expect(namesOf((await watched()).sql)).toEqual(['write', 'most urgent', 'total']);
    for (const path of PAGE) {
      expect((await api.call(path, { token: operator })).headers.get('cache-status')).toBe('mes-near; hit');
    }
    expect(await take(id)).toBe(200);
    expect(namesOf((await watched()).sql)).toEqual(['write', 'most urgent', 'total']);
    // The next tests ask for these.
    for (const path of [NEW_ORDERS, DASHBOARD]) await api.call(path, { token: operator });
  });

  it('shares a cached response between spellings of one query, and between callers with the same view', async () => {
    await create();
    const [viewer, admin] = await Promise.all([api.token('viewer'), api.token('admin')]);
    await api.call('/api/v1/orders?status=NEW&status=ON_HOLD&limit=50', { token: viewer });
    const again = await api.call('/api/v1/orders?limit=50&status=ON_HOLD&status=NEW&status=NEW', { token: admin });
    expect(again.headers.get('cache-status')).toBe('mes-near; hit');
    const other = await api.call('/api/v1/orders?status=NEW&status=ON_HOLD&limit=50', { token: partner });
    expect(other.headers.get('cache-status')).toBe('mes; fwd=miss; stored');
  });

  it('queries the database once for 200 readers of an uncached page', async () => {
    await create();
    await watched();
    const answers = await Promise.all(Array.from({ length: 200 }, () => api.call<Listed>(OLDEST, { token: operator })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await watched()).sql).toHaveLength(1);
  });

  it('invalidates the tags that an administrator names, and nothing else', async () => {
    await create();
    const admin = await api.token('admin');
    await api.call(NEW_ORDERS, { token: operator });
    await api.call(DASHBOARD, { token: operator });
    const evicted = await api.call('/api/v1/cache/evictions', {
      method: 'POST',
      token: admin,
      body: { tags: ['orders:NEW'] },
    });
    expect(evicted.status).toBe(202);
    expect((await api.call(NEW_ORDERS, { token: operator })).headers.get('cache-status')).toBe('mes; fwd=miss; stored');
    expect((await api.call(DASHBOARD, { token: operator })).headers.get('cache-status')).toBe('mes-near; hit');
    const { body } = await api.call('/api/v1/cache/stats', { token: admin });
    expect(body).toMatchObject({ available: true });
    expect(body.hits).toBeGreaterThan(0);
  });

  it('never sends Redis a command that scans or flushes all keys', async () => {
    await watched();
    expect(everything.length).toBeGreaterThan(50);
    expect(everything.filter((command) => /^"(KEYS|SCAN|FLUSHALL|FLUSHDB)"/i.test(command))).toEqual([]);
  });

  it('answers from the database while Redis is away, and from the cache when Redis is back', async () => {
    const id = await create();
    await redis.kill();
    const bypass = await api.call<Listed>(NEW_ORDERS, { token: operator });
    expect(bypass.status).toBe(200);
    expect(bypass.headers.get('cache-status')).toMatch(/^mes; fwd=bypass; detail=redis-/);
    expect(bypass.body.items.map((order) => order.id)).toContain(id);

    expect(await take(id)).toBe(200);
    const changed = await api.call<Listed>(NEW_ORDERS, { token: operator });
    expect(changed.body.items.map((order) => order.id)).not.toContain(id);
    const created = await create();
    const listed = await api.call<Listed>(NEW_ORDERS, { token: operator });
    expect(listed.body.items.map((order) => order.id)).toContain(created);
    expect((await api.call('/health/ready')).status).toBe(200);

    await redis.restart();
    await eventually(async () => {
      const { headers, body } = await api.call<Listed>(NEW_ORDERS, { token: operator });
      expect(body.items.map((order) => order.id)).toContain(created);
      return headers.get('cache-status') === 'mes-near; hit';
    });
  });
});
