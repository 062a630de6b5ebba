import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createAdapter } from '../../apps/mes-api/src/application.js';
import { readConfiguration } from '../../apps/mes-api/src/config/configuration.js';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { rawRequest } from '../support/raw-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const ORDERS = '/api/v1/orders';

/** A connection on which a test sends any text at any time. */
class Conversation {
  heard = '';
  /** Why the connection broke, if it did. */
  fault: Error | undefined;
  private readonly socket: Socket;
  private dribbling: NodeJS.Timeout | undefined;

  /** @param persists whether it goes on to send when the server has ended the connection */
  constructor(url: string, persists = false) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ port: Number(port), host: hostname, allowHalfOpen: persists });
    this.socket.setEncoding('latin1').on('data', (text: string) => (this.heard += text));
    this.socket.on('error', (error) => (this.fault = error));
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  say(text: string): void {
    this.socket.write(text);
  }

  /** Sends a text again and again, so that the connection is never idle. */
  dribble(text: string): void {
    this.dribbling = setInterval(() => {
      if (this.socket.writable) this.socket.write(text);
    }, 20);
  }

  /** Sends a text in parts, one after the other, and then nothing any more. */
  async finish(parts: readonly string[]): Promise<void> {
    for (const part of parts) await new Promise((resolve) => this.socket.write(part, resolve));
    this.socket.end();
  }

  /** Stops reading. */
  pause(): void {
    this.socket.pause();
  }

  async end(): Promise<void> {
    clearInterval(this.dribbling);
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }
}

describe('requests', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let partner: string;
  /** Its time limits are so short that a busy machine may exceed them with any request. */
  let hurried: OrdersApi;
  let partnerOfHurried: string;
  const conversations: Conversation[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({ databaseUrl: database.url });
    partner = await api.token('partner');
    hurried = await OrdersApi.start({
      databaseUrl: database.url,
      environment: { REQUEST_TIMEOUT_SECONDS: '1', KEEP_ALIVE_SECONDS: '1' },
    });
    partnerOfHurried = await hurried.token('partner');
  });

  afterAll(async () => {
    await Promise.all([api.stop(), hurried.stop()]);
    await database.drop();
  });

  afterEach(() => Promise.all(conversations.splice(0).map((conversation) => conversation.end())));

  function converse(to = api, persists = false): Conversation {
    const conversation = new Conversation(to.url, persists);
    conversations.push(conversation);
    return conversation;
  }

  /** The response as `rawRequest` would parse it. */
  function answerOf({ heard }: Conversation): ApiAnswer<unknown> {
    const [head = '', body = ''] = heard.split('\r\n\r\n');
    const [statusLine = '', ...lines] = head.split('\r\n');
    const headers = new Headers(
      lines.map((line): [string, string] => [line.split(': ', 1)[0] ?? '', line.replace(/^.*?: /, '')]),
    );
    return { status: Number(statusLine.split(' ')[1]), headers, body: JSON.parse(body) as unknown };
  }

  function head(extra: string, token = partner): string {
    return `POST ${ORDERS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${extra}`;
  }

  async function expectWell(): Promise<void> {
    expect((await api.call(ORDERS, { token: partner })).status).toBe(200);
    const { status } = await api.call(ORDERS, { method: 'POST', token: partner, body: newOrder() });
    expect(status).toBe(201);
  }

  async function expectHurriedWell(): Promise<void> {
    await eventually(async () => (await hurried.call(ORDERS, { token: partnerOfHurried })).status === 200);
    const creation = { method: 'POST', token: partnerOfHurried, body: newOrder() };
    await eventually(async () => (await hurried.call(ORDERS, creation)).status === 201);
  }

  it.each<[string, string, string]>([
    ['headers that never end', `GET ${ORDERS} HTTP/1.1\r\nHost: a\r\n`, 'X-A: b\r\n'],
    ['a first line that never ends', 'GET /', 'a'],
  ])('are refused for %s, even if they arrive steadily', async (_, beginning, more) => {
    const conversation = converse(hurried);
    conversation.say(beginning);
    conversation.dribble(more);
    await eventually(() => conversation.closed);
    expectProblem(answerOf(conversation), { status: 408, code: 'REQUEST_TIMEOUT' });
    await expectHurriedWell();
  });

  it('are refused for a body that never ends, even if it arrives steadily', async () => {
    for (const length of ['Content-Length: 60000\r\n\r\n{', 'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n']) {
      const conversation = converse(hurried);
      conversation.say(head(`Content-Type: application/json\r\n${length}`, partnerOfHurried));
      conversation.dribble(length.startsWith('Content') ? ' ' : '1\r\n \r\n');
      await eventually(() => conversation.closed);
      expectProblem(answerOf(conversation), { status: 408, code: 'REQUEST_TIMEOUT' });
    }
    await expectHurriedWell();
  });

  it('may take as long to arrive as the settings can allow', () => {
    const longest = readConfiguration({ REQUEST_TIMEOUT_SECONDS: '3600' });
    expect(() => createAdapter(longest)).not.toThrow();
  });

  it('are served while those of other clients are slow', async () => {
    const slow = Array.from({ length: 200 }, () => converse(hurried));
    for (const conversation of slow) {
      conversation.say(`GET ${ORDERS} HTTP/1.1\r\nHost: a\r\n`);
      conversation.dribble('X-A: b\r\n');
    }
    await expectHurriedWell();
    await eventually(() => slow.every(({ closed }) => closed));
    for (const { heard } of slow) expect(heard).toMatch(/^HTTP\/1\.1 408 /);
    await expectHurriedWell();
  });

  it('use connections that are closed when idle', async () => {
    const silent = converse(hurried);
    const finished = converse(hurried);
    // The second request waits for the first, so that the connection is not idle in between for however long.
    finished.say('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2));
    await eventually(() => finished.heard.split('"status":"ok"').length === 3);
    expect(finished.heard).toMatch(/keep-alive: timeout=1/i);
    await eventually(() => silent.closed && finished.closed);
  });

  it('are aborted if the client does not read the responses', async () => {
    const server = hurried.application.getHttpServer();
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) => {
        server.getConnections((error: Error | null, count: number) => {
          if (error) reject(error);
          else resolve(count);
        });
      });
    const connected = once(server, 'connection');
    const deaf = converse(hurried);
    deaf.pause();
    const request = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n';
    deaf.say(request.repeat(20));
    await connected;
    await eventually(async () => (await connections()) === 0);
    await expectHurriedWell();
  });

  it.each<[string, () => Promise<ApiAnswer<unknown>>, number, string]>([
    ['a URL of 9 kB', () => rawRequest(api.url, { path: `${ORDERS}?q=${'a'.repeat(9_000)}` }), 414, 'URI_TOO_LONG'],
    ['a URL of 20 kB', () => rawRequest(api.url, { path: `${ORDERS}?q=${'a'.repeat(20_000)}` }), 414, 'URI_TOO_LONG'],
    [
      'headers of 20 kB',
      () => rawRequest(api.url, { path: ORDERS, headers: { 'X-A': 'a'.repeat(20_000) } }),
      431,
      'REQUEST_HEADER_FIELDS_TOO_LARGE',
    ],
    [
      '150 headers',
      () => {
        const headers = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`X-${index}`, 'a']));
        return rawRequest(api.url, { path: ORDERS, headers });
      },
      431,
      'REQUEST_HEADER_FIELDS_TOO_LARGE',
    ],
    [
      'a body of 65 kB',
      () => api.call(ORDERS, { method: 'POST', token: partner, body: newOrder({ comment: 'a'.repeat(65_537) }) }),
      413,
      'PAYLOAD_TOO_LARGE',
    ],
  ])('are refused for %s', async (_, send, status, code) => {
    expectProblem(await send(), { status, code });
    await expectWell();
  });

  it('are refused for a body of unknown length that becomes too large', async () => {
    const conversation = converse();
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    conversation.say(head(`Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`));
    await eventually(() => conversation.heard.includes('}'));
    expectProblem(answerOf(conversation), { status: 413, code: 'PAYLOAD_TOO_LARGE' });
    await expectWell();
  });

  it.each<[string, number, () => readonly [first: string, rest: string]]>([
    ['headers', 431, () => [`${head('X-A: ')}${'a'.repeat(20_000)}`, `${'a'.repeat(10_000)}\r\n\r\n`]],
    [
      'a URL',
      414,
      () => [`GET ${ORDERS}?q=${'a'.repeat(20_000)}`, `${'a'.repeat(10_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ],
    ['no HTTP', 400, () => ['SSH-2.0-client\r\n', 'a'.repeat(10_000)]],
  ])('are answered before the client has sent all of %s, which it can do then', async (_, status, send) => {
    const [first, rest] = send();
    const conversation = converse(api, true);
    conversation.say(first);
    await eventually(() => conversation.heard.includes('}'));
    expect(answerOf(conversation).status).toBe(status);
    await conversation.finish(rest.match(/[^]{1,1000}/g) ?? []);
    await eventually(() => conversation.closed);
    expect(conversation.fault).toBeUndefined();
    await expectWell();
  });

  it('are answered before the client has sent all of a body, and so is the next one on the connection', async () => {
    const next = `GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n`;
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    for (const [first, rest] of [
      [`Content-Length: 70000\r\n\r\n`, ' '.repeat(70_000)],
      [`Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`, `${chunk.repeat(5)}0\r\n\r\n`],
    ] as const) {
      const conversation = converse();
      conversation.say(head(`Content-Type: application/json\r\n${first}`));
      await eventually(() => conversation.heard.includes('}'));
      expectProblem(answerOf(conversation), { status: 413, code: 'PAYLOAD_TOO_LARGE' });
      conversation.say(`${rest}${next}`);
      await eventually(() => conversation.heard.includes('HTTP/1.1 200 OK'));
    }
  });

  it.each([
    ...[
      '#limit=1&q=zzz?status=NEW',
      '?status=NEW#',
      '#',
      '?q="',
      '?q=<b>',
      '?q=\\',
      '?q=a|b',
      '?q={}',
      '?status[]=NEW',
      '?q=^`',
    ],
    ...['?q=%', '?q=%zz', '?q=%4', '?q=%ff', '?q=%ed%a0%80', '?%c3=%a9', '/a"b', ';a\\b', '/%00#'],
  ])('are refused for a target that RFC 3986 does not allow, with any token: %s', async (text) => {
    const problem = { status: 400, code: 'INPUT_INVALID', fields: [''] };
    for (const path of [`${ORDERS}${text}`, `http://localhost${ORDERS}${text}`]) {
      expectProblem(await rawRequest(api.url, { path }), problem);
      expectProblem(await rawRequest(api.url, { path, headers: { Authorization: `Bearer ${partner}` } }), problem);
    }
    await expectWell();
  });

  it.each([
    ...[
      '*',
      `*${ORDERS}`,
      'https://localhost/health/live',
      'ftp://localhost/health/live',
      'http:///health/live',
      'http://',
    ],
    ...[
      'http://localhost#/health/live',
      'http://a@localhost/health/live',
      'http://local host/health/live',
      'localhost:80',
    ],
    ...['http://local"host/health/live', 'http://localhost:x/health/live', 'http://[::1/health/live', 'health/live'],
    ...[
      '/health/live?\u00e9',
      '/health/live?\u00c3\u00a9',
      '/health/live?\u0001',
      '/health/live?a b',
      '/health/live?\t',
    ],
  ])('are refused for a target of unknown form: %s', async (path) => {
    const { status, headers } = await rawRequest(api.url, { path });
    expect([400, 404]).toContain(status);
    expect(headers.get('content-type')).toMatch(/problem\+json/);
    await expectWell();
  });

  it.each(['http://a', 'HTTP://a:80', 'http://[::1]:3000', 'http://%61_b.example'])(
    'may have a target in absolute-form: %s',
    async (origin) => {
      expect((await rawRequest(api.url, { path: `${origin}/health/live` })).status).toBe(200);
      const path = `${origin}${ORDERS}?limit=7`;
      const list = await rawRequest(api.url, { path, headers: { Authorization: `Bearer ${partner}` } });
      expect(list).toMatchObject({ status: 200, body: { limit: 7 } });
      // This instance serves no page, so the root path does not exist.
      for (const end of ['', '?/health/live', '/?a=/health/live']) {
        expectProblem(await rawRequest(api.url, { path: `${origin}${end}` }), { status: 404, code: 'NOT_FOUND' });
      }
    },
  );

  it('use the host of an absolute-form target instead of the header Host', async () => {
    const request = {
      method: 'POST',
      path: 'http://evil.example/page/development-tokens',
      headers: { Host: 'localhost', 'Content-Type': 'application/json' },
      body: '{"role":"admin"}',
    };
    expectProblem(await rawRequest(api.url, request), { status: 403, code: 'DEVELOPMENT_SIGN_IN_REFUSED' });
    const local = { ...request, path: '/page/development-tokens' };
    expect((await rawRequest(api.url, local)).status).toBe(200);
  });

  it('for the server as a whole (*) are answered with 404', async () => {
    const problem = { status: 404, code: 'NOT_FOUND' };
    expectProblem(await rawRequest(api.url, { method: 'OPTIONS', path: '*' }), problem);
    await expectWell();
  });

  it.each([
    ...['Host', 'Authorization', 'Content-Type', 'Origin', 'Access-Control-Request-Method', 'Idempotency-Key'],
    ...['Last-Event-ID', 'If-Modified-Since', 'If-Unmodified-Since', 'If-Range', 'Range', 'User-Agent', 'Referer'],
  ])('are refused for a second %s', async (name) => {
    for (const [one, other] of [
      [name, name],
      [name, name.toLowerCase()],
      [name.toUpperCase(), name],
    ] as const) {
      const headers = [
        [one, 'a'],
        ['X-A', 'b'],
        [other, 'a'],
        ...(name === 'Host' ? [] : [['Host', 'a'] as const]),
      ] as const;
      expectProblem(await rawRequest(api.url, { path: '/health/live', headers }), {
        status: 400,
        code: 'INPUT_INVALID',
        fields: [other],
      });
    }
  });

  it('may repeat unknown headers and headers that are lists', async () => {
    for (const name of [
      'Accept',
      'Accept-Encoding',
      'Accept-Language',
      'If-None-Match',
      'Cookie',
      'X-A',
      '__proto__',
    ]) {
      const headers = [[name, '"a"'] as const, [name, '"b"'] as const];
      expect((await rawRequest(api.url, { path: '/health/live', headers })).status).toBe(200);
    }
  });

  it.each([
    '',
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'u@a',
    'a:b',
    'a:1:2',
    'a:123456',
    '[::1',
    '::1',
    '\u00e9',
    'a"',
    'http://a',
    '%zz',
  ])('are refused for an invalid Host: %s', async (host) => {
    const problem = { status: 400, code: 'INPUT_INVALID', fields: ['Host'] };
    expectProblem(await rawRequest(api.url, { path: '/health/live', headers: { Host: host } }), problem);
  });

  it.each(['a', 'mes_api:3000', '[::1]:80', '127.0.0.1', 'xn--e1afmkfd.example.', 'a:'])(
    'may have the Host %s',
    async (host) => {
      expect((await rawRequest(api.url, { path: '/health/live', headers: { Host: host } })).status).toBe(200);
    },
  );

  it('must have a Host, except in HTTP/1.0', async () => {
    const without = { path: '/health/live', headers: { Host: undefined } };
    expectProblem(await rawRequest(api.url, without), { status: 400, code: 'INPUT_INVALID', fields: ['Host'] });
    const absolute = { path: 'http://a/health/live', headers: { Host: undefined } };
    expectProblem(await rawRequest(api.url, absolute), { status: 400, code: 'INPUT_INVALID', fields: [''] });
    const conversation = converse();
    conversation.say('GET /health/live HTTP/1.0\r\n\r\n');
    await eventually(() => conversation.closed);
    expect(conversation.heard).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['a header that continues on the next line', 'X-A: a\r\n b: c\r\n'],
    ['a header line that begins with a space', ' X-A: a\r\n'],
    ['a space before a colon', 'X-A : a\r\n'],
    ['a line that ends with half a line break', 'X-A: a\rX-B: b\r\n'],
    ['two equal lengths of a body', 'Content-Length: 0\r\nContent-Length: 0\r\n'],
    ['a body with a length and a transfer coding', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'],
  ])('are refused for %s', async (_, lines) => {
    const conversation = converse();
    conversation.say(`GET /health/live HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    await eventually(() => conversation.closed);
    expectProblem(answerOf(conversation), { status: 400, code: 'BAD_REQUEST' });
  });

  it.each(['identity', 'gzip', 'gzip, chunked', 'chunked, chunked', 'xchunked'])(
    'are refused for the transfer coding %s',
    async (coding) => {
      for (const method of ['GET', 'POST']) {
        const conversation = converse();
        conversation.say(`${method} /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n`);
        conversation.say(`Content-Type: application/json\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`);
        await eventually(() => conversation.closed);
        expect(answerOf(conversation).status).toBe(400);
      }
    },
  );

  it('are answered once, even if the rest of a refused request is unreadable', async () => {
    const conversation = converse();
    const lines = 'Host: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
    conversation.say(`POST ${ORDERS}# HTTP/1.1\r\n${lines}\r\n1\r\n{\r\n`);
    await eventually(() => conversation.heard.includes('}]'));
    conversation.say('nonsense\r\n');
    await eventually(() => conversation.closed);
    // Two responses would not parse as JSON.
    expectProblem(answerOf(conversation), { status: 400, code: 'INPUT_INVALID', fields: [''] });
  });

  it('are answered with what came of them, even if unreadable bytes follow', async () => {
    const conversation = converse();
    const body = JSON.stringify(newOrder({ externalId: 'followed-by-nonsense' }));
    const lines = `Host: a\r\nAuthorization: Bearer ${partner}\r\nContent-Type: application/json`;
    const length = Buffer.byteLength(body);
    conversation.say(`POST ${ORDERS} HTTP/1.1\r\n${lines}\r\nContent-Length: ${length}\r\n\r\n${body};`);
    await eventually(() => conversation.closed);
    const { status, headers } = answerOf(conversation);
    expect([status, headers.get('connection')]).toEqual([201, 'close']);
  });

  it('are accepted with many headers and a long query', async () => {
    const headers = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`X-${index}`, 'a'.repeat(80)]));
    const path = `${ORDERS}?${'status=NEW&'.repeat(19)}q=${'a'.repeat(100)}`;
    expect((await api.call(path, { token: partner, headers })).status).toBe(200);
  });
});
