import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newOrder } from '../support/test-orders.js';

describe('traces', () => {
  let directory: string;
  let database: TestDatabase;
  let receiver: OtlpReceiver;
  let redis: TcpProxy;
  const processes: ApiProcess[] = [];

  beforeEach(async () => {
    [directory, database, receiver, redis] = await Promise.all([
      mkdtemp(join(tmpdir(), 'mes-traces-')),
      createTestDatabase(),
      OtlpReceiver.start(),
      TcpProxy.open(process.env.TEST_REDIS_URL ?? ''),
    ]);
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((api) => api.destroy()));
    await Promise.all([database.drop(), receiver.stop(), redis.close()]);
    await rm(directory, { recursive: true, force: true });
  });

  interface Api {
    readonly process: ApiProcess;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    /** Sends a request that continues a new trace, and returns the id of the trace. */
    call(
      path: string,
      init?: { readonly method?: string; readonly body?: unknown; readonly sampled?: boolean },
    ): Promise<{
      readonly traceId: string;
      readonly parentId: string;
      readonly status: number;
      readonly cacheStatus: string | null;
      readonly body: Record<string, unknown>;
    }>;
  }

  async function start(environment: Readonly<Record<string, string>> = {}): Promise<Api> {
    const api = new ApiProcess({
      DATA_DIR: directory,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      ...PATIENT,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      ...environment,
    });
    processes.push(api);
    const url = await api.ready();
    const token = /^ {2}admin +(\S+)$/m.exec(api.output)?.[1] ?? '';
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return {
      process: api,
      url,
      headers,
      call: async (path, { method, body, sampled = true } = {}) => {
        const [traceId, parentId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
        const response = await fetch(`${url}${path}`, {
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          headers: { ...headers, traceparent: `00-${traceId}-${parentId}-0${sampled ? 1 : 0}` },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        return {
          traceId,
          parentId,
          status: response.status,
          cacheStatus: response.headers.get('cache-status'),
          body: JSON.parse(text) as Record<string, unknown>,
        };
      },
    };
  }

  /** The names of the spans from a span up to the request. */
  function path(spans: readonly ReceivedSpan[], span: ReceivedSpan | undefined): string[] {
    if (!span) return [];
    return [
      span.name,
      ...path(
        spans,
        spans.find(({ spanId }) => spanId === span.parentSpanId),
      ),
    ];
  }

  function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan | undefined {
    return spans.find((span) => span.name === name);
  }

  it('shows a miss, from the request over the cache to PostgreSQL, and a hit without a statement', async () => {
    const api = await start({ OTEL_SERVICE_NAME: 'mes-floor', OTEL_RESOURCE_ATTRIBUTES: 'host.name=mes-1' });
    const miss = await api.call('/api/v1/orders?status=NEW&q=Соколова');
    expect(miss.cacheStatus).toContain('fwd=miss');
    const spans = await receiver.trace(miss.traceId);

    const request = named(spans, 'GET /api/v1/orders');
    expect(request).toMatchObject({
      parentSpanId: miss.parentId,
      attributes: { 'http.request.method': 'GET', 'http.route': '/api/v1/orders', 'http.response.status_code': 200 },
      resource: { 'service.name': 'mes-floor', 'host.name': 'mes-1', 'telemetry.sdk.name': 'opentelemetry' },
      isError: false,
    });
    expect(
      path(
        spans,
        spans.find(({ attributes }) => attributes['db.system.name'] === 'postgresql'),
      ).slice(1),
    ).toEqual(['cache load', 'cache read', 'GET /api/v1/orders']);
    expect(path(spans, named(spans, 'MGET'))).toEqual(['MGET', 'cache read', 'GET /api/v1/orders']);
    expect(named(spans, 'cache read')?.attributes).toEqual({
      'cache.outcome': 'miss',
      'cache.stored': true,
      'cache.collapsed': false,
    });

    const hit = await api.call('/api/v1/orders?status=NEW&q=Соколова');
    expect(hit.cacheStatus).toBe('mes-near; hit');
    const found = await receiver.trace(hit.traceId);
    expect(found.map(({ name }) => name).sort()).toEqual(['GET /api/v1/orders', 'MGET', 'cache read']);
    expect(named(found, 'cache read')?.attributes).toEqual({ 'cache.outcome': 'hit', 'cache.level': 'l1' });
    expect(path(found, named(found, 'MGET'))).toEqual(['MGET', 'cache read', 'GET /api/v1/orders']);
  });

  it('can be found by the lines of the log', async () => {
    const api = await start({ LOG_HITS_EVERY: '1' });
    const miss = await api.call('/api/v1/orders?status=NEW&q=ring');
    const hit = await api.call('/api/v1/orders?status=NEW&q=ring');
    expect(hit.cacheStatus).toBe('mes-near; hit');
    const lines = (traceId: string): string[] =>
      api.process.output.split('\n').filter((line) => line.includes(`"trace_id":"${traceId}"`));
    await eventually(() => [miss, hit].every(({ traceId }) => lines(traceId).length === 1));

    // The end of a connection is an event of its own, outside the trace.
    const traceId = randomBytes(16).toString('hex');
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
    const stream = httpRequest(`${api.url}/api/v1/events`, { headers: { ...api.headers, traceparent } }).end();
    await once(stream, 'response');
    stream.destroy();
    await eventually(() => lines(traceId).length === 1);
  });

  it('shows a write with its transaction, its refresh and Redis, and says nothing of customers', async () => {
    const api = await start();
    await api.call('/api/v1/orders?status=NEW');
    const { status, traceId } = await api.call('/api/v1/orders', {
      body: newOrder({ customer: { id: 'C-SECRET', name: 'Мария Соколова' } }),
    });
    expect(status).toBe(201);
    const spans = await receiver.trace(traceId);
    expect(path(spans, named(spans, 'INSERT orders'))).toEqual(['INSERT orders', 'cache write', 'POST /api/v1/orders']);
    for (const script of ['begin', 'complete']) {
      expect(path(spans, named(spans, `EVALSHA ${script}`))).toContain('cache write');
    }
    expect(path(spans, named(spans, 'cache refresh'))).toEqual(['cache refresh', 'cache write', 'POST /api/v1/orders']);

    const found = await api.call('/api/v1/orders?q=Соколова');
    await receiver.trace(found.traceId);
    const sent = receiver.bodies.map(({ bytes }) => bytes.toString()).join('\n');
    expect(sent).toContain('INSERT INTO');
    for (const secret of ['C-SECRET', 'Соколова', encodeURIComponent('Соколова'), 'Bearer']) {
      expect(sent).not.toContain(secret);
    }
  });

  it('keeps the trace of a write whose body arrives after its headers', async () => {
    const api = await start();
    const traceId = randomBytes(16).toString('hex');
    const request = httpRequest(`${api.url}/api/v1/orders`, {
      method: 'POST',
      headers: { ...api.headers, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` },
    });
    request.flushHeaders();
    // The headers have arrived by the time of this answer.
    await api.call('/api/v1/orders?status=NEW');
    request.end(JSON.stringify(newOrder()));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(201);
    const spans = await receiver.trace(traceId);
    expect(path(spans, named(spans, 'INSERT orders'))).toEqual(['INSERT orders', 'cache write', 'POST /api/v1/orders']);
  });

  it('shows a bypass while Redis is away, with its statement and without a command', async () => {
    const api = await start();
    await api.call('/api/v1/orders?status=NEW');
    redis.cut();
    const { traceId } = await eventually(async () => {
      const answer = await api.call('/api/v1/orders?status=NEW');
      return answer.cacheStatus?.includes('redis-away') === true && answer;
    });
    const spans = await receiver.trace(traceId);
    expect(named(spans, 'cache read')?.attributes).toEqual({ 'cache.outcome': 'bypass', 'cache.detail': 'redis-away' });
    expect(named(spans, 'cache load')).toBeDefined();
    expect(spans.filter(({ attributes }) => attributes['db.system.name'] === 'redis')).toEqual([]);
  });

  it('joins the spans of two instances in one trace, and does not trace what the caller has not sampled', async () => {
    const one = await start();
    const other = await start({ OTEL_SERVICE_NAME: 'mes-other' });
    const unsampled = await one.call('/api/v1/orders?status=NEW', { sampled: false });
    const [first, second] = [await one.call('/api/v1/orders'), await other.call('/api/v1/orders')];
    expect(second.cacheStatus).toBe('mes-redis; hit');
    await receiver.trace(first.traceId);
    const spans = await receiver.trace(second.traceId);
    expect(named(spans, 'cache read')?.attributes).toMatchObject({ 'cache.outcome': 'hit', 'cache.level': 'l2' });
    expect(spans[0]?.resource['service.name']).toBe('mes-other');
    expect(receiver.spans.filter(({ traceId }) => traceId === unsampled.traceId)).toEqual([]);
  });

  it('marks a failed request by its code alone', async () => {
    const api = await start();
    const { status, traceId } = await api.call('/api/v1/orders', { body: newOrder({ externalId: 'twice' }) });
    expect(status).toBe(201);
    await receiver.trace(traceId);
    const again = await api.call('/api/v1/orders', { body: newOrder({ externalId: 'twice' }) });
    expect(again.status).toBe(409);
    const spans = await receiver.trace(again.traceId);
    expect(named(spans, 'POST /api/v1/orders')?.attributes['http.response.status_code']).toBe(409);
    expect(spans.some(({ isError }) => isError)).toBe(true);
    expect(JSON.stringify(spans)).not.toContain('twice');
  });

  it('sends protobuf by default', async () => {
    const api = await start({ OTEL_EXPORTER_OTLP_PROTOCOL: '' });
    const { traceId } = await api.call('/api/v1/orders?status=NEW');
    const id = Buffer.from(traceId, 'hex');
    // Strings and ids are plain bytes in protobuf.
    const body = await eventually(() =>
      receiver.bodies.find(({ bytes }) => bytes.includes(id) && bytes.includes('GET /api/v1/orders')),
    );
    expect(body.type).toBe('application/x-protobuf');
  });

  it('reads its settings as the API reads all others: without spaces around them', async () => {
    const api = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: ` ${receiver.url} `,
      OTEL_SERVICE_NAME: 'mes-floor ',
      OTEL_TRACES_SAMPLER: 'traceidratio ',
      OTEL_TRACES_SAMPLER_ARG: ' 1 ',
    });
    // This sampler decides by itself; the default would follow the caller.
    const { traceId } = await api.call('/api/v1/orders?status=NEW', { sampled: false });
    expect((await receiver.trace(traceId))[0]?.resource).toMatchObject({ 'service.name': 'mes-floor' });
  });

  it('answers while the endpoint hangs, and stops in time', async () => {
    receiver.behaviour = 'hang';
    // Without a limit for the end, the API would wait for the endpoint for longer than the test lasts.
    const api = await start({ OTEL_EXPORTER_OTLP_TIMEOUT: '3600000', OTEL_BSP_EXPORT_TIMEOUT: '3600000' });
    for (let i = 0; i < 20; i += 1) expect(await api.call('/api/v1/orders?status=NEW')).toMatchObject({ status: 200 });
    await eventually(() => receiver.requests > 0);
    api.process.signal('SIGTERM');
    expect(await api.process.ended()).toBe(0);
  });

  it('logs once that spans cannot be sent, and once that they can again', async () => {
    receiver.behaviour = 'refuse';
    const api = await start();
    const count = (text: string): number => api.process.output.split(text).length - 1;
    for (const wanted of [2, 4, 6]) {
      await api.call('/api/v1/orders?status=NEW');
      await eventually(() => receiver.requests >= wanted / 2);
    }
    await eventually(() => count('traces cannot be sent') === 1);
    receiver.behaviour = 'accept';
    const { traceId } = await api.call('/api/v1/orders?status=NEW');
    await receiver.trace(traceId);
    await eventually(() => count('traces are sent again') === 1);
    expect(count('traces cannot be sent')).toBe(1);
  });

  it('sends the last spans when it stops', async () => {
    const api = await start({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
    const { traceId } = await api.call('/api/v1/orders?status=NEW');
    api.process.signal('SIGTERM');
    expect(await api.process.ended()).toBe(0);
    expect(named(await receiver.trace(traceId), 'GET /api/v1/orders')).toBeDefined();
  });

  it('loads no module of the SDK without an endpoint', async () => {
    expect(await loadedPackages({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual(['api']);
    expect(await loadedPackages({})).toEqual(
      expect.arrayContaining(['context-async-hooks', 'exporter-trace-otlp-http', 'sdk-trace', 'sdk-trace-base']),
    );
  });

  /** The packages of OpenTelemetry that a process has loaded at its end, by V8's own list of all scripts. prom-client needs `api`. */
  async function loadedPackages(environment: Readonly<Record<string, string>>): Promise<string[]> {
    const coverage = await mkdtemp(join(directory, 'coverage-'));
    const api = await start({ NODE_V8_COVERAGE: coverage, ...environment });
    expect(await api.call('/api/v1/orders?status=NEW')).toMatchObject({ status: 200 });
    api.process.signal('SIGTERM');
    expect(await api.process.ended()).toBe(0);
    const files = await readdir(coverage);
    const scripts = await Promise.all(files.map((name) => readFile(join(coverage, name), 'utf8')));
    return [
      ...new Set(
        scripts.flatMap((text) => [...text.matchAll(/@opentelemetry\/([a-z-]+)\//g)].map(([, name = '']) => name)),
      ),
    ].sort();
  }

  it('names a setting that it cannot use, and does not start', async () => {
    const wrong = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '2',
      OTEL_RESOURCE_ATTRIBUTES: 'load=50%',
    };
    const api = new ApiProcess({ DATA_DIR: directory, DATABASE_URL: database.url, ...wrong });
    processes.push(api);
    expect(await api.ended()).toBe(1);
    for (const name of Object.keys(wrong)) expect(api.output).toMatch(new RegExp(`^ *${name}: `, 'm'));
  });
});
