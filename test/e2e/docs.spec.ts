import { DocumentValidator } from '../support/document-validator.js';
import { DocumentedAnswers } from '../support/documented-answers.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import {
  exampleOf,
  operationsOf,
  type LocatedOperation,
  type OpenApiDocument,
  type Schema,
} from '../support/openapi-document.js';
import { OrdersApi, type ApiAnswer, type ApiRequest } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const PROBLEM = { $ref: '#/components/schemas/ProblemDetailsDto' };
const NO_ORDER = '019358f0-6a3e-7c44-9d7e-0f6a1f1b2c3d';

let database: TestDatabase;
let api: OrdersApi;
let document: OpenApiDocument;
let operations: LocatedOperation[];
let admin: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await OrdersApi.start({ databaseUrl: database.url });
  admin = await api.token('admin');
  document = (await api.call<OpenApiDocument>('/docs-json')).body;
  operations = operationsOf(document);
});

afterAll(async () => {
  await api.stop();
  await database.drop();
});

function operation(operationId: string): LocatedOperation {
  const found = operations.find((one) => one.operationId === operationId);
  if (!found) throw new Error(`there is no operation ${operationId}`);
  return found;
}

/** Calls an operation by its id, with the id of an order if its path has one. */
function call(
  operationId: string,
  { id = '', query = '', ...request }: Omit<ApiRequest, 'method'> & { id?: string; query?: string } = {},
): Promise<ApiAnswer<Record<string, unknown>>> {
  const { method, path } = operation(operationId);
  return api.call(path.replace('{id}', id) + query, { method, token: admin, ...request });
}

async function createOrder(changes: Record<string, unknown> = {}): Promise<string> {
  return String((await call('createOrder', { body: newOrder(changes) })).body.id);
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('gives every operation an id, a summary and a tag', () => {
    expect(operations.length).toBeGreaterThanOrEqual(11);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { operationId, summary, tags: own } of operations) {
      expect(operationId).toMatch(/^[a-z]+[A-Za-z]+$/);
      expect(summary).toMatch(/^[A-Z].{8,}[^.]$/);
      expect(tags).toEqual(expect.arrayContaining([...own]));
      expect(own).toHaveLength(1);
    }
  });

  it('describes every problem, with an example', () => {
    const validator = DocumentValidator.closed(document);
    for (const { operationId, responses } of operations) {
      const problems = Object.entries(responses).filter(([status]) => Number(status) >= 400);
      expect(problems.length).toBeGreaterThan(0);
      for (const [status, { description, content }] of problems) {
        expect(description).not.toBe('');
        expect(Object.keys(content ?? {})).toEqual(['application/problem+json']);
        const { schema, example } = content?.['application/problem+json'] ?? {};
        expect({ operationId, status, schema }).toEqual({ operationId, status, schema: PROBLEM });
        expect(example).toMatchObject({ status: Number(status) });
        expect(validator.complaints(PROBLEM, example)).toEqual([]);
      }
    }
  });

  it('names the codes of problems that seldom happen', () => {
    for (const { operationId, method, path, responses } of operations.filter(({ path }) => path.startsWith('/api/'))) {
      const codes = ['RATE_LIMIT_EXCEEDED', 'DATABASE_UNAVAILABLE', 'ISSUER_UNAVAILABLE', 'OVERLOADED'];
      codes.push(path === '/api/v1/events' ? 'TOO_MANY_STREAMS' : 'TOO_MANY_AT_ONCE');
      if (method !== 'GET') codes.push('OUTCOME_UNKNOWN');
      const described = `${responses[429]?.description ?? ''} ${responses[503]?.description ?? ''}`;
      expect([operationId, codes.filter((code) => !described.includes(`\`${code}\`: `))]).toEqual([operationId, []]);
    }
  });

  it('documents 401 and 403 for every operation that needs a token, and 404 for every single order', () => {
    for (const { operationId, path, security, responses } of operations) {
      const isPublic = !path.startsWith('/api/');
      const statuses = Object.keys(responses);
      expect({ operationId, security }).toEqual({ operationId, security: isPublic ? [] : [{ bearer: [] }] });
      expect([operationId, statuses.includes('401'), statuses.includes('403')]).toEqual([
        operationId,
        // The metrics have a token of their own.
        !isPublic || operationId === 'getMetrics',
        // Callers on other machines are refused as well.
        !isPublic || operationId === 'issueDevelopmentToken' || operationId === 'getMetrics',
      ]);
      expect([operationId, statuses.includes('404')]).toEqual([operationId, path.includes('{id}')]);
    }
  });

  it('gives every enumeration that it uses more than once a name', () => {
    const { OrderStatus, ...others } = document.components.schemas;
    expect(OrderStatus?.enum).toContain('MANUFACTURING_STARTED');
    const inline = schemasIn([document.paths, others]).flatMap(({ enum: values }) => (values ? [String(values)] : []));
    expect(inline.filter((values, i) => inline.indexOf(values) !== i)).toEqual([]);
  });

  it('has patterns that mean the same with and without the Unicode mode, which most generators leave out', () => {
    const patterns = new Set(schemasIn(document).flatMap(({ pattern }) => pattern ?? []));
    expect(patterns.size).toBeGreaterThan(3);
    for (const pattern of patterns) {
      expect(pattern).not.toMatch(/\\p\{|\\u\{/i);
      expect(() => new RegExp(pattern, 'u')).not.toThrow();
    }
  });

  it('has no property with a default, which some generators take for required', () => {
    const properties = Object.values(document.components.schemas).flatMap((schema) =>
      Object.values(schema.properties ?? {}),
    );
    expect(properties.filter((property) => property.default !== undefined)).toEqual([]);
  });

  it('describes every property with an object: some generators do not know the schemas `true` and `false`', () => {
    const properties = schemasIn(document).flatMap((schema) => Object.values(schema.properties ?? {}));
    expect(properties.length).toBeGreaterThan(100);
    expect(properties.filter((property) => typeof property !== 'object')).toEqual([]);
  });

  it('has example bodies that the API accepts unchanged', async () => {
    const withBody = operations.filter(({ requestBody }) => requestBody);
    expect(withBody.map(({ operationId }) => operationId).sort()).toEqual([
      'changeOrder',
      'changeOrderStatus',
      'changeOrderStatuses',
      'createOrder',
      'evictCache',
      'issueDevelopmentToken',
    ]);
    for (const { operationId, requestBody } of withBody) {
      const body = exampleOf(document, requestBody?.content['application/json']?.schema ?? {});
      const id = operationId.startsWith('changeOrder') ? await createOrder() : undefined;
      // Only an order in work can be handed over.
      if (operationId === 'changeOrder')
        await call('changeOrderStatus', { id, body: { status: 'MANUFACTURING_STARTED' } });
      expect([200, 201, 202]).toContain((await call(operationId, { id, body })).status);
    }
  });
});

describe('every response conforms to the document', () => {
  function expectAsDocumented(operationId: string, answer: ApiAnswer<unknown>): void {
    const complaints = new DocumentedAnswers(document).complaints(operation(operationId), answer);
    expect([operationId, answer.status, complaints]).toEqual([operationId, answer.status, []]);
  }

  async function followEvents(): Promise<EventStream> {
    return EventStream.open(api.url, { token: admin });
  }

  /** The status and headers of an endless stream, with the beginning of its body. */
  function beginningOf(stream: EventStream): ApiAnswer<unknown> {
    stream.drop();
    const { statusCode = 0, headers } = stream.response;
    return { status: statusCode, headers: new Headers(headers as Record<string, string>), body: 'event: hello' };
  }

  it('in the live events', async () => {
    const stream = await followEvents();
    const id = await createOrder();
    await call('changeOrderStatus', { id, body: { status: 'MANUFACTURING_STARTED' } });
    await call('changeOrder', { id, body: { assignee: 'operator-2', dueAt: '2031-05-17T09:30:00Z' } });
    await eventually(() => stream.news.length === 3);
    stream.drop();
    const validator = DocumentValidator.closed(document);
    const schemas = ['OrderCreatedEventDto', 'OrderStatusChangedEventDto', 'OrderChangedEventDto'];
    const complaints = stream.news.map(({ data }, i) =>
      validator.complaints({ $ref: `#/components/schemas/${schemas[i] ?? ''}` }, data),
    );
    expect(complaints).toEqual([[], [], []]);
  });

  it('when the request succeeds', async () => {
    const full = newOrder({
      ...{ externalId: 'W-1', priority: 'HIGH', dueAt: '2031-05-17T09:30:00Z', comment: 'Gift' },
      ...{ price: { amount: '1234.50', currency: 'EUR' } },
      product: { name: 'Ring', modelUrl: 'https://models.example.com/ring.stl' },
    });
    const created = await call('createOrder', { body: full });
    const id = String(created.body.id);
    const etag = created.headers.get('etag') ?? '';
    const read = await call('getOrder', { id });
    const body = { status: 'MANUFACTURING_STARTED', comment: 'Mine' };
    const pause = { status: 'ON_HOLD', reason: 'OTHER', comment: 'Fire drill' };
    const answers: [string, ApiAnswer<unknown>][] = [
      ['createOrder', created],
      ['getStatusDashboard', await call('getStatusDashboard')],
      ['getDueDashboard', await call('getDueDashboard')],
      ['getThroughputDashboard', await call('getThroughputDashboard')],
      ['getWorkloadDashboard', await call('getWorkloadDashboard')],
      ['getOrder', read],
      ['getOrder', await call('getOrder', { id, headers: { 'if-none-match': read.headers.get('etag') ?? '' } })],
      ['getOrderHistory', await call('getOrderHistory', { id })],
      ['changeOrderStatus', await call('changeOrderStatus', { id, body, headers: { 'if-match': etag } })],
      ['getThroughputDashboard', await call('getThroughputDashboard')],
      ['getWorkloadDashboard', await call('getWorkloadDashboard')],
      ['changeOrder', await call('changeOrder', { id, body: { priority: 'URGENT', dueAt: null } })],
      [
        'changeOrderStatuses',
        await call('changeOrderStatuses', { body: { ...pause, orders: [{ id }, { id: NO_ORDER }] } }),
      ],
      ['getOrderHistory', await call('getOrderHistory', { id })],
      ['getOrder', await call('getOrder', { id })],
      ['listOrders', await call('listOrders')],
      [
        'listOrders',
        await call('listOrders', { query: '?limit=1&status=NEW&status=MANUFACTURING_STARTED&sort=dueAt' }),
      ],
      ['listOrders', await call('listOrders', { query: '?assignee=nobody' })],
      ['countOrders', await call('countOrders', { query: '?status=NEW&priority=LOW' })],
      ['countOrders', await call('countOrders', { query: '?q=ring' })],
      ['evictCache', await call('evictCache', { body: { tags: ['epoch'] } })],
      ['getCacheStatistics', await call('getCacheStatistics')],
      ['getCaller', await call('getCaller')],
      ['getPageSettings', await call('getPageSettings')],
      ['issueDevelopmentToken', await call('issueDevelopmentToken', { body: { role: 'viewer' } })],
      ['followEvents', beginningOf(await followEvents())],
      ['isLive', await call('isLive')],
      ['isReady', await call('isReady')],
      ['getMetrics', await call('getMetrics')],
    ];
    for (const [operationId, answer] of answers) {
      expect([operationId, answer.status < 400]).toEqual([operationId, true]);
      expectAsDocumented(operationId, answer);
    }
    const seen = new Set(answers.map(([operationId]) => operationId));
    expect(operations.filter(({ operationId }) => !seen.has(operationId))).toEqual([]);
  });

  it('when the dashboard and a list are empty', async () => {
    const empty = await createTestDatabase();
    const other = await OrdersApi.start({ databaseUrl: empty.url });
    const token = await other.token('viewer');
    expectAsDocumented('getStatusDashboard', await other.call('/api/v1/dashboard/statuses', { token }));
    expectAsDocumented('getDueDashboard', await other.call('/api/v1/dashboard/due', { token }));
    expectAsDocumented('getThroughputDashboard', await other.call('/api/v1/dashboard/throughput', { token }));
    expectAsDocumented('getWorkloadDashboard', await other.call('/api/v1/dashboard/workload', { token }));
    expectAsDocumented('listOrders', await other.call('/api/v1/orders', { token }));
    await other.stop();
    await empty.drop();
  });

  it('when the request fails', async () => {
    const id = await createOrder({ externalId: 'W-2' });
    const headers = { 'idempotency-key': 'key-1' };
    await call('createOrder', { headers, body: newOrder() });
    const [partner, operator] = await Promise.all([api.token('partner'), api.token('operator')]);
    const cursor = String((await call('listOrders', { query: '?limit=1' })).body.nextCursor);
    const answers: [string, number, ApiAnswer<unknown>][] = [
      ['createOrder', 400, await call('createOrder', { body: {} })],
      ['createOrder', 400, await call('createOrder', { body: newOrder({ dueAt: '2020-01-01T00:00:00Z' }) })],
      ['createOrder', 400, await call('createOrder', { body: '{', headers: { 'content-type': 'application/json' } })],
      ['createOrder', 401, await call('createOrder', { body: newOrder(), token: 'none' })],
      ['createOrder', 409, await call('createOrder', { body: newOrder({ externalId: 'W-2' }) })],
      ['createOrder', 413, await call('createOrder', { body: newOrder({ comment: 'x'.repeat(70_000) }) })],
      ['createOrder', 415, await call('createOrder', { body: 'x', headers: { 'content-type': 'text/plain' } })],
      ['createOrder', 422, await call('createOrder', { headers, body: newOrder({ quantity: 2 }) })],
      ['listOrders', 400, await call('listOrders', { query: '?limit=0&cursor=x' })],
      ['listOrders', 400, await call('listOrders', { query: `?sort=dueAt&cursor=${cursor}` })],
      ['listOrders', 414, await call('listOrders', { query: `?q=${'x'.repeat(8 * 1024)}` })],
      ['countOrders', 400, await call('countOrders', { query: '?limit=1' })],
      ['getOrder', 400, await call('getOrder', { id: '1' })],
      ['getOrder', 404, await call('getOrder', { id: NO_ORDER })],
      ['getOrder', 404, await call('getOrder', { id, token: partner })],
      ['getOrderHistory', 404, await call('getOrderHistory', { id: NO_ORDER })],
      ['changeOrderStatus', 403, await call('changeOrderStatus', { id, body: { status: 'CLOSED' }, token: partner })],
      ['changeOrderStatus', 404, await call('changeOrderStatus', { id: NO_ORDER, body: { status: 'CLOSED' } })],
      ['changeOrderStatus', 409, await call('changeOrderStatus', { id, body: { status: 'CLOSED' } })],
      [
        ...(['changeOrderStatus', 412] as const),
        await call('changeOrderStatus', { id, body: { status: 'CANCELLED' }, headers: { 'if-match': '"7"' } }),
      ],
      ['changeOrder', 400, await call('changeOrder', { id, body: {} })],
      ['changeOrder', 400, await call('changeOrder', { id, body: { dueAt: '2020-01-01T00:00:00Z' } })],
      ['changeOrder', 403, await call('changeOrder', { id, body: { dueAt: null }, token: operator })],
      ['changeOrder', 404, await call('changeOrder', { id: NO_ORDER, body: { priority: 'LOW' } })],
      ['changeOrder', 409, await call('changeOrder', { id, body: { assignee: 'operator-2' } })],
      [
        'changeOrder',
        412,
        await call('changeOrder', { id, body: { priority: 'LOW' }, headers: { 'if-match': '"7"' } }),
      ],
      ['changeOrderStatuses', 400, await call('changeOrderStatuses', { body: { status: 'NEW', orders: [] } })],
      ['changeOrderStatuses', 403, await call('changeOrderStatuses', { body: {}, token: partner })],
      ['evictCache', 400, await call('evictCache', { body: { tags: ['everything'] } })],
      ['getStatusDashboard', 400, await call('getStatusDashboard', { query: '?day=today' })],
      ['getCaller', 400, await call('getCaller', { query: '?a=b' })],
      ['getCacheStatistics', 400, await call('getCacheStatistics', { query: '?a=b' })],
      ['isReady', 400, await call('isReady', { query: '?a=b' })],
      ['getMetrics', 400, await call('getMetrics', { query: '?a=b' })],
    ];
    for (const [operationId, status, answer] of answers) {
      expect([operationId, answer.status]).toEqual([operationId, status]);
      expectAsDocumented(operationId, answer);
    }
  });
});

describe('Swagger UI', () => {
  it.each(['/docs', '/docs/'])('loads completely at %s under the content security policy', async (path) => {
    const response = await fetch(`${api.url}${path}`);
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);

    const policy = directivesOf(response.headers.get('content-security-policy') ?? '');
    expect(policy.get('script-src')).toEqual(["'self'"]);
    expect(policy.get('style-src')).toContain("'unsafe-inline'");
    expect(policy.get('img-src')).toEqual(expect.arrayContaining(["'self'", 'data:']));
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=/i);

    const assets = [...page.matchAll(/\s(?:src|href)="([^"]+)"/g)].map(([, url = '']) => new URL(url, response.url));
    expect(assets.length).toBeGreaterThanOrEqual(4);
    for (const asset of assets) {
      expect(asset.origin).toBe(api.url);
      const { status, headers } = await fetch(asset);
      expect([asset.pathname, status]).toEqual([asset.pathname, 200]);
      const type = asset.pathname.endsWith('.js')
        ? 'javascript'
        : asset.pathname.endsWith('.css')
          ? 'css'
          : 'image/png';
      expect(headers.get('content-type')).toContain(type);
    }
  });

  it('shows the same document as /docs-json', async () => {
    const script = await (await fetch(`${api.url}/docs/swagger-ui-init.js`)).text();
    for (const { operationId } of operations) expect(script).toContain(`"operationId": "${operationId}"`);
  });
});

/** All schemas in a part of a document, and other objects. */
function schemasIn(part: unknown): Schema[] {
  if (typeof part !== 'object' || part === null) return [];
  return [part, ...Object.values(part).flatMap(schemasIn)];
}

function directivesOf(policy: string): Map<string, string[]> {
  return new Map(
    policy.split(';').map((directive) => {
      const [name = '', ...values] = directive.trim().split(/\s+/);
      return [name, values];
    }),
  );
}
