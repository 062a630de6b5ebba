import { VersionStore } from '@mes/cache';
import pg from 'pg';
import { createClient } from 'redis';
import { Members } from '../../apps/mes-api/src/backplane/members.js';
import { ApiProcess } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertOrders, newOrder } from '../support/test-orders.js';

interface Listed {
  readonly items: readonly { readonly id: string }[];
}

/** An instance with its own proxies to PostgreSQL and Redis. */
interface Instance {
  readonly api: OrdersApi;
  readonly database: TcpProxy;
  readonly redis: TcpProxy;
}

const NEW_ORDERS = '/api/v1/orders?status=NEW';
/** The number of heartbeats after which a silent member would be forgotten if it were missing: more than a lease and a sign last. */
const BEATS_UNTIL_FORGOTTEN = 10;

describe('instances that lose their connections', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let sql: pg.Client;
  const running: Instance[] = [];

  beforeEach(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    sql = new pg.Client(database.url);
    await sql.connect();
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map(stop));
    await sql.end();
    await redis.stop();
    await database.drop();
  });

  async function start(redisUrl = redis.url): Promise<Instance> {
    const way = { database: await TcpProxy.open(database.url), redis: await TcpProxy.open(redisUrl) };
    // A Redis that falls silent is given up, but not one that is slow because the machine is busy with tests.
    const environment = { REDIS_DEADLINE_MS: '4000' };
    const api = await OrdersApi.start({ databaseUrl: way.database.url, redisUrl: way.redis.url, environment });
    const instance = { api, ...way };
    running.push(instance);
    return instance;
  }

  async function stop({ api, database: toDatabase, redis: toRedis }: Instance): Promise<void> {
    toDatabase.mend();
    toRedis.mend();
    await api.stop();
    await Promise.all([toDatabase.close(), toRedis.close()]);
  }

  async function list({ api }: Instance, query = ''): Promise<ApiAnswer<Listed>> {
    return api.call<Listed>(NEW_ORDERS + query, { token: await api.token('operator') });
  }

  async function create({ api }: Instance): Promise<ApiAnswer<{ id: string }>> {
    const token = await api.token('partner');
    return api.call<{ id: string }>('/api/v1/orders', { method: 'POST', token, body: newOrder() });
  }

  function cacheOf({ headers }: ApiAnswer<Listed>): string {
    return headers.get('cache-status') ?? '';
  }

  function isHit(answer: ApiAnswer<Listed>): boolean {
    return /^mes-(near|redis); hit$/.test(cacheOf(answer));
  }

  /** Waits until the instance responds from the cache. */
  async function warm(instance: Instance): Promise<void> {
    await eventually(async () => isHit(await list(instance)));
  }

  /** Checks that the instance shows this order in the list of new orders, or refuses the request. */
  async function expectNotStale(instance: Instance, id: string | undefined): Promise<void> {
    const { status, body } = await list(instance);
    if (status === 200) expect(body.items.map((order) => order.id)).toContain(id);
    else expect(status).toBe(503);
  }

  function members({ api }: Instance): Members {
    return api.application.get(Members, { strict: false });
  }

  /** The ids of the members in the database. */
  async function knownMembers(): Promise<string[]> {
    const { rows } = await sql.query<{ id: string }>('SELECT id FROM cache_members');
    return rows.map(({ id }) => id);
  }

  /** The number of the last heartbeat of an instance. */
  async function beatOf(instance: Instance): Promise<number> {
    const { rows } = await sql.query<{ beat: string }>('SELECT beat FROM cache_members WHERE id = $1', [
      members(instance).id,
    ]);
    return Number(rows[0]?.beat);
  }

  /** Whether an instance has a presence key in a Redis. */
  async function isPresent({ url }: RedisServer, instance: Instance): Promise<boolean> {
    const client = createClient({ url });
    await client.connect();
    const keys = await client.keys(`*:member:${members(instance).id}`);
    await client.disconnect();
    return keys.length > 0;
  }

  /** Keeps the presence key of an instance in a Redis that the instance does not use any more. */
  async function stayPresent({ url }: RedisServer, instance: Instance): Promise<void> {
    const client = createClient({ url });
    await client.connect();
    const [key = ''] = await client.keys(`*:member:${members(instance).id}`);
    await client.persist(key);
    await client.disconnect();
  }

  /** Promotes a replica once it is in sync. */
  async function promote(url: string): Promise<void> {
    const client = createClient({ url });
    await client.connect();
    await eventually(async () => (await client.info('replication')).includes('master_link_status:up'));
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await client.disconnect();
  }

  async function breakListeners(of: number): Promise<void> {
    await eventually(async () => {
      const { rowCount } = await sql.query(
        `SELECT pg_terminate_backend(pid) FROM (
          SELECT pid FROM pg_stat_activity
          WHERE application_name = 'mes-orders-api listener' AND datname = current_database() ORDER BY backend_start LIMIT $1
        ) AS listeners`,
        [of],
      );
      return rowCount === of;
    });
  }

  it('keep their cache when another instance starts or stops', async () => {
    const first = await start();
    await warm(first);
    const third = await start();
    expect(isHit(await list(first))).toBe(true);
    expect(cacheOf(await list(third))).toBe('mes-redis; hit');
    await third.api.stop();
    // The stopped member is gone, so no writer waits for it.
    expect(await knownMembers()).toEqual([members(first).id]);
    expect(isHit(await list(first))).toBe(true);
    running.pop();
    await Promise.all([third.database.close(), third.redis.close()]);
  });

  it('keep their cache if one instance briefly cannot receive notifications and another one can', async () => {
    const [first, second] = [await start(), await start()];
    await warm(first);
    await breakListeners(1);
    // The second instance still renews its lease, so the broken connection belonged to the first.
    await eventually(async () => (await beatOf(second)) > 2);
    expect(isHit(await list(first))).toBe(true);
    expect(isHit(await list(second))).toBe(true);
  });

  it('begin a new epoch if all of them may have missed notifications', async () => {
    const [first, second] = [await start(), await start()];
    await warm(first);
    await warm(second);
    const versionStore = first.api.application.get(VersionStore, { strict: false });
    const before = (await versionStore.snapshot([])).get('epoch');
    await breakListeners(2);
    await eventually(async () => (await versionStore.snapshot([]).catch(() => undefined))?.get('epoch') !== before);
    await warm(first);
    await warm(second);
  });

  it('forget an instance that was killed, so that nobody waits for it', async () => {
    const survivor = await start();
    await warm(survivor);
    const victim = new ApiProcess({
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
    });
    try {
      await victim.ready();
      const claimed = 'SELECT FROM cache_members JOIN cache_authority USING (store)';
      await eventually(async () => (await sql.query(claimed)).rowCount === 2);
      victim.signal('SIGKILL');
      await victim.ended();
      await eventually(async () => (await knownMembers()).length === 1);
      expect(await knownMembers()).toEqual([members(survivor).id]);
      await eventually(() => members(survivor).stopped.length === 0);
      await eventually(() => isPresent(redis, survivor));
      // Another store becomes the authority while the survivor can still be seen in the old one, which holds still meanwhile.
      const another = await RedisServer.start();
      survivor.redis.divert(another.url);
      survivor.redis.breakConnections();
      await stayPresent(redis, survivor);
      await warm(survivor);
      expect(await isPresent(redis, survivor)).toBe(true);
      await stop(survivor);
      running.pop();
      await another.stop();
    } finally {
      await victim.destroy();
    }
  });

  it('do not forget an instance that goes on without PostgreSQL', async () => {
    const [first, deaf] = [await start(), await start()];
    await warm(first);
    await warm(deaf);
    deaf.database.block();
    await eventually(() => members(first).stopped.length === 1);
    const beats = (await beatOf(first)) + BEATS_UNTIL_FORGOTTEN;
    await eventually(async () => (await beatOf(first)) > beats);
    expect(members(first).stopped).toEqual([expect.objectContaining({ id: members(deaf).id })]);
    expect(isHit(await list(deaf))).toBe(true);
  });

  it('forget an instance that neither store nor database hears of, and know it again when it is back', async () => {
    const [first, lost] = [await start(), await start()];
    await warm(first);
    await warm(lost);
    lost.database.block();
    lost.redis.block();
    await eventually(async () => (await knownMembers()).length === 1);
    lost.redis.mend();
    const { body } = await create(first);
    await expectNotStale(lost, body.id);
    lost.database.mend();
    await eventually(async () => (await knownMembers()).length === 2);
    await warm(lost);
    await expectNotStale(lost, (await create(first)).body.id);
  });

  it('show no stale list at an instance without PostgreSQL, after a write through one without Redis', async () => {
    const [writer, deaf] = [await start(), await start()];
    await warm(writer);
    await warm(deaf);
    writer.redis.cut();
    deaf.database.block();
    const { status, body } = await create(writer);
    expect(status).toBe(201);
    await expectNotStale(deaf, body.id);
    await expectNotStale(writer, body.id);
  });

  it('keep responding from the cache while none of them reaches PostgreSQL', async () => {
    const [first, second] = [await start(), await start()];
    await warm(first);
    await warm(second);
    first.database.cut();
    second.database.cut();
    for (const instance of [first, second]) {
      await eventually(async () => {
        const isLater = performance.now() > members(instance).leaseEndsAt + 3_000;
        // A machine that stands still may interrupt the hits, but not end them.
        return isHit(await list(instance)) && isLater;
      });
    }
    first.database.mend();
    second.database.mend();
    const { body } = await eventually(async () => {
      const creation = await create(first);
      return creation.status === 201 && creation;
    });
    await expectNotStale(second, body.id);
  });

  it('acknowledge 400 concurrent creations through an instance without Redis, and show them all', async () => {
    const [writer, other] = [await start(), await start()];
    await warm(other);
    writer.redis.cut();
    const creations = await Promise.all(Array.from({ length: 400 }, () => create(writer)));
    expect(creations.map(({ status }) => status)).toEqual(creations.map(() => 201));
    const token = await other.api.token('operator');
    const { body } = await other.api.call<{ counts: { NEW: number } }>('/api/v1/dashboard/statuses', { token });
    expect(body.counts.NEW).toBe(400);
  });

  it('do not use a Redis that others do not use, and show nothing stale', async () => {
    const another = await RedisServer.start();
    const [first, apart] = [await start(), await start(another.url)];
    await warm(first);
    for (let round = 0; round < 3; round += 1) {
      await expectNotStale(first, (await create(apart)).body.id);
      await expectNotStale(apart, (await create(first)).body.id);
    }
    expect(cacheOf(await list(apart))).toMatch(/^mes; fwd=bypass/);
    await warm(first);
    await stop(first);
    running.splice(running.indexOf(first), 1);
    // No member uses the first Redis any more, so the other one becomes the authority.
    await warm(apart);
    await stop(apart);
    running.splice(running.indexOf(apart), 1);
    await another.stop();
  });

  it('show nothing stale on both sides of a failover of Redis', async () => {
    const replica = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', new URL(redis.url).port] });
    const [stays, moves] = [await start(), await start()];
    await warm(stays);
    await warm(moves);
    await promote(replica.url);
    moves.redis.divert(replica.url);
    moves.redis.breakConnections();
    for (let round = 0; round < 5; round += 1) {
      await expectNotStale(moves, (await create(stays)).body.id);
      await expectNotStale(stays, (await create(moves)).body.id);
    }
    await warm(stays);
    stays.redis.divert(replica.url);
    stays.redis.breakConnections();
    await Promise.all([warm(stays), warm(moves)]);
    await expectNotStale(moves, (await create(stays)).body.id);
    await Promise.all(running.splice(0).map(stop));
    await replica.stop();
  });

  it('receive notifications again within seconds when connections to PostgreSQL fall silent', async () => {
    const instance = await start();
    await warm(instance);
    instance.database.vanish();
    await sql.query(insertOrders(1));
    await eventually(async () => {
      const { status, body } = await list(instance);
      return status === 200 && body.items.length === 1;
    });
    await eventually(async () => (await create(instance)).status === 201);
    await warm(instance);
  });

  it('use Redis again within seconds when connections to it fall silent', async () => {
    const instance = await start();
    await warm(instance);
    instance.redis.vanish();
    await expectNotStale(instance, (await create(instance)).body.id);
    await warm(instance);
  });
});
