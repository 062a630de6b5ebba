import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { newOrder } from '../support/new-order.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { rawRequest } from '../support/raw-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ORDERS = '/api/v1/orders';

/** A connection on which a test says what it likes, when it likes. */
class Conversation {
  heard = '';
  private readonly socket: Socket;
  private dribbling: NodeJS.Timeout | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.setEncoding('latin1').on('data', (text: string) => (this.heard += text));
    this.socket.on('error', () => undefined);
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  say(text: string): void {
    this.socket.write(text);
  }

  /** Says this again and again, so that the connection is never idle. */
  dribble(text: string): void {
    this.dribbling = setInterval(() => {
      if (this.socket.writable) this.socket.write(text);
    }, 20);
  }

  /** Stops to read. */
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
  const conversations: Conversation[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({
      databaseUrl: database.url,
      environment: { REQUEST_TIMEOUT_SECONDS: '1', KEEP_ALIVE_SECONDS: '1' },
    });
    partner = await api.token('partner');
  });

  afterAll(async () => {
    await api.stop();
    await database.drop();
  });

  afterEach(() => Promise.all(conversations.splice(0).map((conversation) => conversation.end())));

  function converse(): Conversation {
    const conversation = new Conversation(api.url);
    conversations.push(conversation);
    return conversation;
  }

  /** The answer as `rawRequest` would have read it. */
  function answerOf({ heard }: Conversation): ApiAnswer<unknown> {
    const [head = '', body = ''] = heard.split('\r\n\r\n');
    const [statusLine = '', ...lines] = head.split('\r\n');
    const headers = new Headers(
      lines.map((line): [string, string] => [line.split(': ', 1)[0] ?? '', line.replace(/^.*?: /, '')]),
    );
    return { status: Number(statusLine.split(' ')[1]), headers, body: JSON.parse(body) as unknown };
  }

  function head(extra: string): string {
    return `POST ${ORDERS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${partner}\r\n${extra}`;
  }

  async function expectWell(): Promise<void> {
    expect((await api.call(ORDERS, { token: partner })).status).toBe(200);
    const { status } = await api.call(ORDERS, { method: 'POST', token: partner, body: newOrder() });
    expect(status).toBe(201);
  }

  it.each<[string, string, string]>([
    ['headers that never end', `GET ${ORDERS} HTTP/1.1\r\nHost: a\r\n`, 'X-A: b\r\n'],
    ['a first line that never ends', 'GET /', 'a'],
  ])('are refused for %s, however steadily they go on', async (_, beginning, more) => {
    const conversation = converse();
    conversation.say(beginning);
    conversation.dribble(more);
    await eventually(() => conversation.closed);
    expectProblem(answerOf(conversation), { status: 408, code: 'REQUEST_TIMEOUT' });
    await expectWell();
  });

  it('are refused for a body that never ends, however steadily it goes on', async () => {
    for (const length of ['Content-Length: 60000\r\n\r\n{', 'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n']) {
      const conversation = converse();
      conversation.say(head(`Content-Type: application/json\r\n${length}`));
      conversation.dribble(length.startsWith('Content') ? ' ' : '1\r\n \r\n');
      await eventually(() => conversation.closed);
      expectProblem(answerOf(conversation), { status: 408, code: 'REQUEST_TIMEOUT' });
    }
    await expectWell();
  });

  it('of others are served while many are slow', async () => {
    const slow = Array.from({ length: 200 }, () => converse());
    for (const conversation of slow) {
      conversation.say(`GET ${ORDERS} HTTP/1.1\r\nHost: a\r\n`);
      conversation.dribble('X-A: b\r\n');
    }
    await expectWell();
    await eventually(() => slow.every(({ closed }) => closed));
    for (const { heard } of slow) expect(heard).toMatch(/^HTTP\/1\.1 408 /);
    await expectWell();
  });

  it('come over connections that are closed when nothing comes over them', async () => {
    const silent = converse();
    const finished = converse();
    finished.say('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => finished.heard.includes('"status":"ok"'));
    expect(finished.heard).toMatch(/keep-alive: timeout=1/i);
    finished.say('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => finished.heard.split('"status":"ok"').length === 3);
    await eventually(() => silent.closed && finished.closed);
  });

  it('of somebody who does not read the answers are given up', async () => {
    const server = api.application.getHttpServer();
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) => {
        server.getConnections((error: Error | null, count: number) => {
          if (error) reject(error);
          else resolve(count);
        });
      });
    const deaf = converse();
    deaf.pause();
    const request = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n';
    deaf.say(request.repeat(20));
    await eventually(async () => (await connections()) > 0);
    await eventually(async () => (await connections()) === 0);
    await expectWell();
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

  it('are refused for a body that turns out too large only as it comes', async () => {
    const conversation = converse();
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    conversation.say(head(`Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`));
    await eventually(() => conversation.heard.includes('}'));
    expectProblem(answerOf(conversation), { status: 413, code: 'PAYLOAD_TOO_LARGE' });
    await expectWell();
  });

  it('may have as much of everything as clients have a reason to send', async () => {
    const headers = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`X-${index}`, 'a'.repeat(80)]));
    const path = `${ORDERS}?${'status=NEW&'.repeat(19)}q=${'a'.repeat(100)}`;
    expect((await api.call(path, { token: partner, headers })).status).toBe(200);
  });
});
