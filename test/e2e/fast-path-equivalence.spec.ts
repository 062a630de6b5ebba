import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import { Authentication } from '../../apps/mes-api/src/auth/authentication.js';
import type { Caller } from '../../apps/mes-api/src/auth/caller.js';
import { GAPS, rawHead, type RawHead } from '../fuzz/arbitraries/raw-requests.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { rawRequest } from '../support/raw-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env.FUZZ_RUNS ?? 250);

const ORDERS = '/api/v1/orders';

/** Requests that once revealed a mistake, and are tested in every run. */
const KNOWN: readonly RawHead[] = [
  { method: 'GET', target: `${ORDERS}#limit=1&q=zzz?${GAPS.query}`, headers: [] },
  { method: 'GET', target: `${ORDERS}#limit=1?${GAPS.query}`, headers: [] },
  { method: 'GET', target: `http://a?/${GAPS.query}`, headers: [] },
  { method: 'HEAD', target: `${ORDERS}?${GAPS.query}`, headers: [['If-None-Match', GAPS.entityTag]] },
  { method: 'GET', target: `${ORDERS}?${GAPS.query}`, headers: [['Accept-Encoding', '*, br;q=0']] },
  { method: 'GET', target: `http://a${ORDERS}?${GAPS.query}`, headers: [['If-None-Match', `"x", ${GAPS.entityTag}`]] },
];

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An authentication that counts how often the guards use it. */
class CountedAuthentication extends Authentication {
  calls = 0;

  override callerOf(request: FastifyRequest): Promise<Caller> {
    this.calls += 1;
    return super.callerOf(request);
  }
}

describe('a request', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let authentication: CountedAuthentication;
  let order: string;
  let queries = 0;
  let tokens = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({
      databaseUrl: database.url,
      redisUrl: process.env.TEST_REDIS_URL,
      environment: { RATE_LIMIT_PER_MINUTE: '0', CORS_ORIGINS: 'https://floor.example' },
      override: (builder) => builder.overrideProvider(Authentication).useClass(CountedAuthentication),
    });
    authentication = api.application.get(Authentication);
    for (const subject of ['partner-1', 'partner-2', 'partner-1', 'partner-2', 'partner-1']) {
      const token = await api.token('partner', subject);
      const { status, body } = await api.call(ORDERS, { method: 'POST', token, body: newOrder() });
      expect(status).toBe(201);
      order = String(body.id);
    }
  });

  afterAll(async () => {
    await api.stop();
    await database.drop();
  });

  /** A query for all new orders that no request has used before. */
  function newQuery(): string {
    queries += 1;
    return `status=NEW&createdFrom=${new Date(Date.UTC(2001, 0, 1) + queries).toISOString()}`;
  }

  /** A new token of a known caller, which the fast path does not know, so that the guards decide. */
  function newToken(role: 'operator' | 'partner'): Promise<string> {
    tokens += 1;
    return api.token(role, `${role}-1`, `${10_000 + tokens}m`);
  }

  function fillIn(text: string, query: string, id: string): string {
    return text.replaceAll(GAPS.query, query).replaceAll(GAPS.order, id);
  }

  function send({ method, target, headers }: RawHead, token: string, entityTag = '"1"'): Promise<ApiAnswer<unknown>> {
    return rawRequest(api.url, {
      method,
      path: target,
      headers: [
        ['Authorization', `Bearer ${token}`],
        ['Connection', 'close'],
        ...headers.map(([name, value]) => [name, value?.replaceAll(GAPS.entityTag, entityTag)] as const),
      ],
    });
  }

  async function whilePropertyHolds(check: (head: RawHead) => Promise<void>): Promise<void> {
    const property = fc.asyncProperty(rawHead, check);
    const examples = KNOWN.map((head): [RawHead] => [head]);
    try {
      await fc.assert(property, { seed: SEED, numRuns: RUNS + KNOWN.length, examples });
    } catch (error) {
      throw new Error(`Replay it by: FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS} npm test -- test/e2e/fast-path-equivalence`, {
        cause: error,
      });
    }
  }

  it('gets the same response on the fast path as behind the guards', async () => {
    const outcomes = { fast: 0, refused: 0 };
    const known = await api.token('operator', 'operator-1');
    await whilePropertyHolds(async (head) => {
      const query = newQuery();
      const asking = { ...head, target: fillIn(head.target, query, order) };
      const { headers } = await send(asking, known);
      const entityTag = headers.get('etag') ?? undefined;
      await send(asking, known, entityTag);
      const before = authentication.calls;
      const fast = await send(asking, known, entityTag);
      const tookFastPath = authentication.calls === before;
      const behind = await send(asking, await newToken('operator'), entityTag);
      expect(seen(fast)).toEqual(seen(behind));
      if (fast.status >= 400) outcomes.refused += 1;
      else if (tookFastPath) outcomes.fast += 1;
      expectListOfTarget(asking, fast);
    });
    // Both outcomes are frequent, so the comparison is meaningful.
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(RUNS / 10);
  }, 600_000);

  it('of one caller does not change the responses to others', async () => {
    const operator = await api.token('operator', 'operator-1');
    const partner = await api.token('partner', 'partner-1');
    const watched = [`${ORDERS}?status=NEW`, ORDERS, `${ORDERS}/${order}`, `${ORDERS}/${order}/history`];
    const look = async (path: string): Promise<Seen> =>
      seen(await rawRequest(api.url, { path, headers: bearer(operator) }));
    const before = await Promise.all(watched.map(look));
    const [newOrders] = before;
    const counts = async (): Promise<unknown> => {
      const { body } = await api.call('/api/v1/dashboard/statuses', { token: operator });
      return body.counts;
    };
    const countsBefore = await counts();
    await whilePropertyHolds(async (head) => {
      const query = newQuery();
      const hostile = { ...head, target: fillIn(head.target, query, order) };
      expect((await send(hostile, partner)).status).toBeLessThan(500);
      // Only the partner may have requested this query before, in a hostile form.
      const fresh = await look(`${ORDERS}?${query}`);
      expect(fresh).toMatchObject({ status: 200, body: newOrders?.body });
      expect(fresh.headers.etag).toBe(newOrders?.headers.etag);
      expect(await Promise.all(watched.map(look))).toEqual(before);
      expect(await counts()).toEqual(countsBefore);
    });
  }, 600_000);

  /** Checks that a list is the one that the target means by RFC 3986 and the URL Standard. */
  function expectListOfTarget({ target }: RawHead, { status, body }: ApiAnswer<unknown>): void {
    const { items, limit } = (body === '' ? {} : body) as { items?: unknown[]; limit?: number };
    if (status !== 200 || items === undefined || limit === undefined) return;
    const { searchParams, hash } = new URL(target, 'http://localhost');
    expect(hash).toBe('');
    expect(limit).toBe(Number(searchParams.get('limit') ?? 50));
    const statuses = searchParams.getAll('status');
    const expected = statuses.length === 0 || statuses.includes('NEW') ? 5 : 0;
    expect(items).toHaveLength(searchParams.has('q') ? items.length : Math.min(limit, expected));
  }
});

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

/** A response without its time, its cache status and its request id. */
function seen({ status, headers, body }: ApiAnswer<unknown>): Seen {
  const without = new Set(['date', 'cache-status', 'x-request-id']);
  const others = Object.fromEntries([...headers].filter(([name]) => !without.has(name)));
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true && body !== '';
  return { status, headers: others, body: isProblem ? { ...(body as object), requestId: undefined } : body };
}
