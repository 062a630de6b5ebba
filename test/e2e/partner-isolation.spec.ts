import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Role } from '../../apps/mes-api/src/auth/caller.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer, type ApiRequest } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { changeTo, newOrder } from '../support/test-orders.js';

const RUNS = 12;
const ORDERS = '/api/v1/orders';

interface Order {
  readonly id: string;
  readonly number: number;
  readonly createdBy: string;
  readonly externalId?: string;
}

interface Page {
  readonly items: readonly Order[];
  readonly nextCursor: string | null;
}

/** A partner and the data that it has received. The other partner tries to use all of it. */
class Partner {
  readonly subject = `partner-${randomUUID()}`;
  /** A text in all orders of this partner. */
  readonly secret = `Secret ${randomUUID()}`;
  readonly orders: Order[] = [];
  readonly cursors: { readonly query: string; readonly cursor: string }[] = [];
  readonly entityTags: string[] = ['*', '"1"'];
  readonly keys = new Set<string>();
  readonly externalIds = new Set<string>();
}

/** Counts of interesting events, to check that they happen often enough. */
const seen = { hits: 0, notModified: 0, foreignCursors: 0, foreignOrders: 0, sharedKeys: 0, sharedExternalIds: 0 };

/** A round with two new partners, an operator and two instances. */
class Round {
  private readonly partners = [new Partner(), new Partner()] as const;

  constructor(private readonly instances: readonly [OrdersApi, OrdersApi]) {}

  /** Partner `who` creates an order, possibly with an idempotency key or an external id that the other partner has used. */
  async create(on: 0 | 1, who: 0 | 1, key: string | null, externalId: string | null): Promise<void> {
    const [own, other] = this.both(who);
    const isNew = !own.keys.has(key ?? '') && !own.externalIds.has(externalId ?? '');
    const body = newOrder({
      product: { name: own.secret },
      comment: own.secret,
      ...(externalId === null ? {} : { externalId }),
    });
    const headers: Record<string, string> = key === null ? {} : { 'idempotency-key': key };
    const answer = await this.ask(on, who, ORDERS, { method: 'POST', headers, body });
    if (key !== null && other.keys.has(key)) seen.sharedKeys += 1;
    if (externalId !== null && other.externalIds.has(externalId)) seen.sharedExternalIds += 1;
    if (!isNew) return;
    expect(answer.status).toBe(201);
    const order = answer.body as unknown as Order;
    expect(order.createdBy).toBe(own.subject);
    own.orders.push(order);
    if (key !== null) own.keys.add(key);
    if (externalId !== null) own.externalIds.add(externalId);
  }

  /**
   * Lists orders with an entity tag of the other partner. Only a response that is equal for both may be 304, such as an empty
   * page.
   */
  async list(on: 0 | 1, who: 0 | 1, query: string, pick: number): Promise<void> {
    const [own, other] = this.both(who);
    const path = `${ORDERS}?${query}`;
    const tag = chosen(other.entityTags, pick) ?? '*';
    const plain = await this.ask(on, who, path);
    expect(plain.status).toBe(200);
    const page = plain.body as unknown as Page;
    for (const { createdBy } of page.items) expect(createdBy).toBe(own.subject);
    own.entityTags.push(plain.headers.get('etag') ?? '');
    if (page.nextCursor !== null) own.cursors.push({ query, cursor: page.nextCursor });

    const conditional = await this.ask(on, who, path, { headers: { 'if-none-match': tag } });
    if (conditional.status !== 304) return;
    seen.notModified += 1;
    expect(tag === '*' || (tag === plain.headers.get('etag') && page.items.length === 0)).toBe(true);
  }

  /** Counts orders: no more than the partner has created. */
  async count(on: 0 | 1, who: 0 | 1, query: string): Promise<void> {
    const [own] = this.both(who);
    const filter = new URLSearchParams(query);
    for (const name of ['limit', 'sort']) filter.delete(name);
    const { status, body } = await this.ask(on, who, `${ORDERS}/count?${filter.toString()}`);
    expect(status).toBe(200);
    expect(body.isExact).toBe(true);
    if (filter.toString() === '') expect(body.count).toBe(own.orders.length);
    else expect(body.count).toBeLessThanOrEqual(own.orders.length);
  }

  async followForeignCursor(on: 0 | 1, who: 0 | 1, pick: number): Promise<void> {
    const [, other] = this.both(who);
    const found = chosen(other.cursors, pick);
    if (!found) return;
    seen.foreignCursors += 1;
    const answer = await this.ask(on, who, `${ORDERS}?${found.query}&cursor=${found.cursor}`);
    expectProblem(answer, { status: 400, code: 'CURSOR_INVALID', fields: ['cursor'] });
  }

  async readForeignOrder(on: 0 | 1, who: 0 | 1, pick: number, tail: string): Promise<void> {
    const [, other] = this.both(who);
    const order = chosen(other.orders, pick);
    if (!order) return;
    seen.foreignOrders += 1;
    for (const tag of [undefined, '*', '"1"', '"2"', chosen(other.entityTags, pick)]) {
      const headers: Record<string, string> = tag === undefined ? {} : { 'if-none-match': tag };
      const answer = await this.ask(on, who, `${ORDERS}/${order.id}${tail}`, { headers });
      expectProblem(answer, { status: 404, code: 'ORDER_NOT_FOUND' });
    }
  }

  async readOwnOrder(on: 0 | 1, who: 0 | 1, pick: number, tail: string): Promise<void> {
    const [own] = this.both(who);
    const order = chosen(own.orders, pick);
    if (!order) return;
    const answer = await this.ask(on, who, `${ORDERS}/${order.id}${tail}`);
    expect(answer.status).toBe(200);
    own.entityTags.push(answer.headers.get('etag') ?? '');
  }

  /** Searches for texts and numbers in the orders of the other partner. */
  async search(on: 0 | 1, who: 0 | 1, pick: number): Promise<void> {
    const [, other] = this.both(who);
    const order = chosen(other.orders, pick);
    if (!order) return;
    for (const text of [other.secret, String(order.number), order.externalId ?? order.id]) {
      const { status, body } = await this.ask(on, who, `${ORDERS}?q=${encodeURIComponent(text)}`);
      expect(status).toBe(200);
      for (const item of (body as unknown as Page).items) expect(item.id).not.toBe(order.id);
    }
  }

  /** Tries to change an order of the other partner. */
  async tryToChange(on: 0 | 1, who: 0 | 1, pick: number): Promise<void> {
    const [, other] = this.both(who);
    const id = chosen(other.orders, pick)?.id ?? randomUUID();
    for (const ifMatch of ['"1"', '"2"', '*']) {
      const cancel: ApiRequest = { method: 'PATCH', headers: { 'if-match': ifMatch }, body: { status: 'CANCELLED' } };
      const answer = await this.ask(on, who, `${ORDERS}/${id}/status`, cancel);
      expectProblem(answer, { status: 404, code: 'ORDER_NOT_FOUND' });
    }
    const others: [path: string, body: Record<string, unknown>][] = [
      [`${ORDERS}/${id}/status`, { status: 'MANUFACTURING_STARTED' }],
      [`${ORDERS}/status`, { orders: [{ id: randomUUID() }], status: 'CANCELLED' }],
      [`${ORDERS}/${id}`, { priority: 'URGENT' }],
    ];
    for (const [path, body] of others) {
      expect((await this.ask(on, who, path, { method: 'PATCH', body })).status).toBe(403);
    }
    expect((await this.ask(on, who, '/api/v1/dashboard/statuses')).status).toBe(403);
  }

  /** Reads all data as an operator, which fills the cache, and changes the status of an order, which fills its history. */
  async operate(on: 0 | 1, pick: number, query: string): Promise<void> {
    const instance = this.instances[on];
    const token = await instance.token('operator');
    expect((await instance.call(`${ORDERS}?${query}`, { token })).status).toBe(200);
    expect((await instance.call(`${ORDERS}/count`, { token })).status).toBe(200);
    const order = chosen([...this.partners[0].orders, ...this.partners[1].orders], pick);
    if (!order) return;
    const body = changeTo(pick % 2 === 0 ? 'MANUFACTURING_STARTED' : 'ON_HOLD');
    await instance.call(`${ORDERS}/${order.id}/status`, { method: 'PATCH', token, body });
    for (const tail of ['', '/history']) {
      expect((await instance.call(`${ORDERS}/${order.id}${tail}`, { token })).status).toBe(200);
    }
  }

  private both(who: 0 | 1): [own: Partner, other: Partner] {
    return who === 0 ? [...this.partners] : [this.partners[1], this.partners[0]];
  }

  /** Sends a request as a partner, and checks that the response contains no data of the other partner. */
  private async ask(
    on: 0 | 1,
    who: 0 | 1,
    path: string,
    request: ApiRequest = {},
  ): Promise<ApiAnswer<Record<string, unknown>>> {
    const [own, other] = this.both(who);
    const instance = this.instances[on];
    const token = await instance.token('partner', own.subject);
    const answer = await instance.call(path, { ...request, token });
    const told = JSON.stringify([answer.body, [...answer.headers]]);
    expect(answer.status).toBeLessThan(500);
    for (const text of [other.subject, other.secret, ...other.orders.map(({ id }) => id)]) {
      expect(told).not.toContain(text);
    }
    if (answer.headers.get('cache-status')?.includes('hit') === true) seen.hits += 1;
    return answer;
  }
}

function chosen<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(1, from.length)];
}

const on = fc.constantFrom<(0 | 1)[]>(0, 1);
const who = fc.constantFrom<(0 | 1)[]>(0, 1);
const pick = fc.nat({ max: 997 });
const tail = fc.constantFrom('', '/history');
/** A few names, so that both partners use the same ones. */
const name = fc.option(fc.constantFrom('web-1', 'web-2', 'web-3'));
const query = fc.constantFrom(
  ...['', 'status=NEW', 'limit=1', 'status=NEW&limit=1', 'limit=2&sort=createdAt', 'sort=dueAt&limit=1'],
  ...['sort=-priority&limit=2', 'q=secret', 'q=secret&limit=1', 'source=SHOP&limit=3', 'material=Silver'],
);

type Step = (round: Round) => Promise<void>;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(on, who, name, name).map(
      (of): Step =>
        (round) =>
          round.create(...of),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(on, who, query, pick).map(
      (of): Step =>
        (round) =>
          round.list(...of),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(on, who, pick).map(
      (of): Step =>
        (round) =>
          round.followForeignCursor(...of),
    ),
  },
  fc.tuple(on, who, query).map(
    (of): Step =>
      (round) =>
        round.count(...of),
  ),
  fc.tuple(on, who, pick, tail).map(
    (of): Step =>
      (round) =>
        round.readForeignOrder(...of),
  ),
  fc.tuple(on, who, pick, tail).map(
    (of): Step =>
      (round) =>
        round.readOwnOrder(...of),
  ),
  fc.tuple(on, who, pick).map(
    (of): Step =>
      (round) =>
        round.search(...of),
  ),
  fc.tuple(on, who, pick).map(
    (of): Step =>
      (round) =>
        round.tryToChange(...of),
  ),
  fc.tuple(on, pick, query).map(
    (of): Step =>
      (round) =>
        round.operate(...of),
  ),
);

describe('what a partner can read', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let instances: [OrdersApi, OrdersApi];

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    const options = { databaseUrl: database.url, redisUrl: redis.url };
    instances = await Promise.all([OrdersApi.start(options), OrdersApi.start(options)]);
  });

  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await redis.stop();
    await database.drop();
  });

  it.each<[roles: Role[], seesAll: boolean]>([
    [['partner'], false],
    [['partner', 'viewer'], true],
    [['partner', 'operator'], true],
    [['partner', 'admin'], true],
  ])(
    'is the same in lists, orders, histories, totals, live events and refusals, with the roles %j',
    async (roles, seesAll) => {
      const [api] = instances;
      const secret = `Secret ${randomUUID()}`;
      const created = { method: 'POST', token: await api.token('partner', secret.slice(-36)) };
      const { body: order } = await api.call<Order>(ORDERS, {
        ...created,
        body: newOrder({ product: { name: secret } }),
      });
      const token = await api.token(roles, `combined-${randomUUID()}`);
      const filter = `q=${encodeURIComponent(secret)}`;
      const status = async (path: string, request: ApiRequest = {}): Promise<number> =>
        (await api.call(path, { token, ...request })).status;
      expect({
        listed: (await api.call<Page>(`${ORDERS}?${filter}`, { token })).body.items.length,
        counted: (await api.call<{ count: number }>(`${ORDERS}/count?${filter}`, { token })).body.count,
        order: await status(`${ORDERS}/${order.id}`),
        history: await status(`${ORDERS}/${order.id}/history`),
        events: await status('/api/v1/events', { method: 'HEAD' }),
      }).toEqual(
        seesAll
          ? { listed: 1, counted: 1, order: 200, history: 200, events: 200 }
          : { listed: 0, counted: 0, order: 404, history: 404, events: 403 },
      );
      const isUnknown =
        (await status(`${ORDERS}/${order.id}/status`, { method: 'PATCH', body: changeTo('CANCELLED') })) === 404;
      expect(isUnknown).toBe(!seesAll);
    },
  );

  it('reveals nothing about another partner in any sequence of requests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60, size: 'max' }), async (steps) => {
        const round = new Round(instances);
        for (const take of steps) await take(round);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    // Every kind of event happened several times.
    for (const [what, times] of Object.entries(seen)) expect({ what, often: times > 3 }).toEqual({ what, often: true });
  });
});
