import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../apps/mes-api/src/auth/caller.js';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TokenIssuer } from '../support/token-issuer.js';

/** Confidential values. Each is unique, so that the test finds it anywhere in the log. */
const SECRETS = {
  customerId: 'secret-customer-id',
  customerName: 'Secret Customer Name',
  comment: 'secret order comment',
  changeComment: 'secret change comment',
  externalId: 'secret-external-id',
  idempotencyKey: 'secret-idempotency-key',
  search: 'secretsearch',
  cookie: 'secret-cookie',
  unknownField: 'secret-unknown-field',
  badBody: 'secret-bad-body',
  databaseUrl: 'secret-database-url',
};

interface AuditLine {
  readonly time: string;
  readonly audit?: Readonly<Record<string, unknown>>;
}

describe('the log at its most verbose level', () => {
  let database: TestDatabase;
  let issuer: TokenIssuer;
  let redis: RedisServer;
  let folder: string;
  let table: OrdersTable;
  let api: ApiProcess;
  let url: string;
  const tokens: string[] = [];

  beforeAll(async () => {
    [database, issuer, redis, folder] = await Promise.all([
      createTestDatabase(),
      TokenIssuer.start(),
      RedisServer.start(),
      mkdtemp(join(tmpdir(), 'mes-logs-')),
    ]);
    const databaseUrl = new URL(database.url);
    databaseUrl.searchParams.set('application_name', SECRETS.databaseUrl);
    api = new ApiProcess({
      ...PATIENT,
      NODE_ENV: 'production',
      LOG_LEVEL: 'trace',
      DATABASE_URL: databaseUrl.href,
      REDIS_URL: redis.url,
      DATA_DIR: folder,
      TRUST_PROXY: '127.0.0.1',
      ...issuer.environment,
    });
    url = await api.ready();
    table = await OrdersTable.connect(database.url);
  });

  afterAll(async () => {
    await api.destroy();
    await table.close();
    await Promise.all([issuer.stop(), redis.stop(), database.drop(), rm(folder, { recursive: true })]);
  });

  async function tokenOf(role: Role, subject = `${role}-1`): Promise<string> {
    const token = await issuer.token({ subject, roles: [role] });
    tokens.push(token);
    return token;
  }

  interface Call {
    readonly method?: string;
    readonly token?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  }

  async function call(path: string, { method = 'GET', token = '', headers = {}, body }: Call = {}): Promise<Response> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        cookie: SECRETS.cookie,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    return response;
  }

  function order(changes: object = {}): object {
    return {
      source: 'API',
      customer: { id: SECRETS.customerId, name: SECRETS.customerName },
      product: { name: 'Ring' },
      material: 'Gold 585',
      quantity: 1,
      comment: SECRETS.comment,
      externalId: `${SECRETS.externalId}-${randomUUID()}`,
      ...changes,
    };
  }

  /** Makes every kind of call, and returns the statuses. It fails if a response reveals internals of the API. */
  async function callEverything(): Promise<number[]> {
    const [partner, operator, admin] = await Promise.all([tokenOf('partner'), tokenOf('operator'), tokenOf('admin')]);
    const statuses: number[] = [];
    const seen = async (response: Response): Promise<string> => {
      statuses.push(response.status);
      const text = await response.text();
      expect(text).not.toMatch(/node_modules|\.[jt]s:\d+|\n\s+at /);
      return text;
    };
    const headers = { 'idempotency-key': `${SECRETS.idempotencyKey}-${randomUUID()}` };
    const created = await call('/api/v1/orders', { method: 'POST', token: partner, headers, body: order() });
    const text = await seen(created);
    const id = created.status === 201 ? (JSON.parse(text) as { id: string }).id : randomUUID();
    await seen(await call('/api/v1/orders', { method: 'POST', token: partner, headers, body: order() }));
    const twice = order({ externalId: SECRETS.externalId });
    for (let i = 0; i < 2; i += 1) {
      await seen(await call('/api/v1/orders', { method: 'POST', token: partner, body: twice }));
    }
    for (const body of [
      order({ [SECRETS.unknownField]: 1 }),
      order({ customer: SECRETS.badBody }),
      `{"${SECRETS.badBody}"`,
      order({ quantity: SECRETS.badBody }),
    ]) {
      await seen(await call('/api/v1/orders', { method: 'POST', token: partner, body }));
    }
    for (const path of [
      `/api/v1/orders?q=${SECRETS.search}`,
      `/api/v1/orders?q=${SECRETS.search}&sort=${SECRETS.badBody}`,
      `/api/v1/orders?${SECRETS.unknownField}=1`,
      `/api/v1/orders?cursor=${SECRETS.badBody}`,
      `/api/v1/orders/${id}`,
      `/api/v1/orders/${id}/history`,
      `/api/v1/orders/${SECRETS.badBody}`,
      '/api/v1/dashboard/statuses',
      '/health/ready',
      '/metrics',
      `/${SECRETS.badBody}`,
      `/%zz${SECRETS.badBody}`,
    ]) {
      await seen(await call(path, { token: operator }));
      await seen(await call(path, { token: operator }));
    }
    const change = { status: 'MANUFACTURING_STARTED', comment: SECRETS.changeComment };
    for (let i = 0; i < 2; i += 1) {
      await seen(await call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: operator, body: change }));
    }
    await seen(await call('/api/v1/cache/evictions', { method: 'POST', token: admin, body: { tags: ['epoch'] } }));
    await seen(await call('/api/v1/cache/stats', { token: admin }));
    for (const bad of [`${partner}x`, partner.slice(0, -4), await issuer.token({ keyId: 'unknown' }), 'a.b.c']) {
      tokens.push(bad);
      await seen(await call('/api/v1/orders', { token: bad }));
    }
    return statuses;
  }

  function expectNoSecrets(): void {
    for (const [name, secret] of Object.entries(SECRETS)) {
      expect({ name, found: api.output.includes(secret) }).toEqual({ name, found: false });
    }
    for (const token of tokens) {
      for (const part of token.split('.').filter(({ length }) => length > 20)) {
        expect(api.output.includes(part)).toBe(false);
      }
    }
    expect(api.output).not.toMatch(/Bearer/i);
  }

  it('contains no tokens and no personal data while all is well', async () => {
    const statuses = await callEverything();
    expect(statuses).toEqual(expect.arrayContaining([200, 201, 400, 401, 404, 409, 422]));
    expect(statuses.every((status) => status < 500)).toBe(true);
    expectNoSecrets();
  });

  it.each<[string, string, string, number]>([
    [
      'reports a value that it cannot parse',
      'ALTER TABLE orders ADD CONSTRAINT unlucky CHECK (comment::integer > 0) NOT VALID',
      'ALTER TABLE orders DROP CONSTRAINT unlucky',
      500,
    ],
    [
      'refuses valid orders',
      'ALTER TABLE orders ADD CONSTRAINT unlucky CHECK (quantity < 0) NOT VALID',
      'ALTER TABLE orders DROP CONSTRAINT unlucky',
      500,
    ],
    ['has lost a table', 'ALTER TABLE orders RENAME TO gone', 'ALTER TABLE gone RENAME TO orders', 503],
  ])('contains no tokens and no personal data when the database %s', async (_, break_, mend, status) => {
    await table.query(break_);
    try {
      expect(await callEverything()).toContain(status);
    } finally {
      await table.query(mend);
    }
    await eventually(() => api.output.includes('INTERNAL_ERROR'));
    expectNoSecrets();
  });

  it('contains no tokens and no personal data when Redis is away', async () => {
    await redis.kill();
    expect(await callEverything()).toContain(201);
    await redis.restart();
    expectNoSecrets();
  });

  describe('records administration', () => {
    /** The audit lines of some requests. */
    async function auditOf(requests: () => Promise<unknown>): Promise<AuditLine[]> {
      const before = api.output.length;
      await requests();
      return eventually(() => {
        const lines = api.output.slice(before).split('\n').slice(0, -1);
        const parsed = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as AuditLine);
        const audits = parsed.filter(({ audit }) => audit !== undefined);
        return audits.length > 0 && audits;
      });
    }

    function evict(token: string, body: unknown): Promise<AuditLine[]> {
      return auditOf(() => call('/api/v1/cache/evictions', { method: 'POST', token, body }));
    }

    const action = 'invalidate cached responses';

    it('with the caller, the action and the time', async () => {
      const token = await tokenOf('admin', 'root-7');
      const began = Date.now();
      const lines = await evict(token, { tags: ['orders:NEW', 'orders:counts'] });
      expect(lines).toHaveLength(1);
      const tags = ['orders:NEW', 'orders:counts'];
      expect(lines[0]?.audit).toMatchObject({ subject: 'root-7', action, tags, status: 202, result: 'done' });
      expect(Date.parse(lines[0]?.time ?? '')).toBeGreaterThanOrEqual(began);
      const [look] = await auditOf(() => call('/api/v1/cache/stats', { token }));
      expect(look?.audit).toMatchObject({ subject: 'root-7', action: 'read cache statistics', status: 200 });
    });

    it('even if it was refused', async () => {
      const operator = await tokenOf('operator', 'curious-3');
      const [denied] = await evict(operator, { tags: ['epoch'] });
      expect(denied?.audit).toMatchObject({ subject: 'curious-3', action, status: 403, result: 'refused' });
      const [unknown] = await evict('', { tags: ['epoch'] });
      expect(unknown?.audit).toMatchObject({ subject: null, address: '127.0.0.1', status: 401, result: 'refused' });
      const forwarded = [
        ['203.0.113.7', '203.0.113.7'],
        ['192.0.2.1, 203.0.113.7:4711', '203.0.113.7'],
        ['2001:db8::1', '2001:db8::1'],
        ['\u00a0evil\u0085', '127.0.0.1'],
      ] as const;
      for (const [header, address] of forwarded) {
        const headers = { 'x-forwarded-for': header };
        const [seen] = await auditOf(() => call('/api/v1/cache/evictions', { method: 'POST', headers, body: {} }));
        expect(seen?.audit).toMatchObject({ subject: null, address });
      }
      const [bad] = await evict(await tokenOf('admin', 'root-7'), { tags: [SECRETS.badBody] });
      expect(bad?.audit).toMatchObject({ subject: 'root-7', status: 400, result: 'refused' });
      expectNoSecrets();
    });
  });
});

describe('the log on a full disk', () => {
  it('is given up, while requests are answered and the process ends in good order', async () => {
    const [database, folder, disk] = await Promise.all([
      createTestDatabase(),
      mkdtemp(join(tmpdir(), 'mes-full-')),
      open('/dev/full', 'w'),
    ]);
    const port = await freePort();
    const environment = { ...PATIENT, PORT: String(port), DATABASE_URL: database.url, DATA_DIR: folder };
    const api = new ApiProcess(environment, { standardOutput: disk.fd });
    try {
      const status = (): Promise<number | undefined> =>
        fetch(`http://127.0.0.1:${port}/api/v1/orders`).then(
          (response) => response.status,
          () => undefined,
        );
      expect(await eventually(status, 180_000)).toBe(401);
      await eventually(() => api.output.includes('The log cannot be written to standard output (ENOSPC)'));
      for (let i = 0; i < 20; i += 1) expect(await status()).toBe(401);
      api.signal('SIGTERM');
      expect(await api.ended()).toBe(0);
      expect(api.output.split('\n').filter((line) => line.includes('cannot be written'))).toHaveLength(1);
    } finally {
      api.signal('SIGKILL');
      await api.ended();
      await disk.close();
      await Promise.all([database.drop(), rm(folder, { recursive: true })]);
    }
  });
});
