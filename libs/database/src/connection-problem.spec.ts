import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { databaseUrlComplaint } from './database-url.js';
import { prepareDatabase } from './prepare-database.js';

/** The type of NotificationResponse in PostgreSQL's protocol. */
const NOTIFICATION = 'A'.charCodeAt(0);

describe('a PostgreSQL that cannot be used', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  function changed(change: (url: URL) => void): string {
    const url = new URL(database.url);
    change(url);
    return url.href;
  }

  it.each<[string, () => string, RegExp]>([
    ['nobody', () => 'postgres://mes:pass-word@127.0.0.1:1/mes', /^nothing listens at the address in DATABASE_URL: /],
    ['an unknown host', () => 'postgres://mes@no-such-host.invalid/mes', /^the host in DATABASE_URL is not known: /],
    [
      'a wrong password',
      () => changed((url) => (url.password = 'pass-word')),
      /^PostgreSQL refuses the user or the password: correct them in DATABASE_URL \(/,
    ],
    [
      'no password',
      () => changed((url) => (url.password = '')),
      /^PostgreSQL asks for a password: add it to DATABASE_URL/,
    ],
    [
      'an unknown database',
      () => changed((url) => (url.pathname = '/nowhere')),
      /^PostgreSQL has no database with this name: create it, or correct DATABASE_URL \(/,
    ],
    [
      'TLS to a server without it',
      () => changed((url) => (url.search = 'sslmode=verify-full')),
      /^PostgreSQL does not use TLS: turn it on there, or remove sslmode from DATABASE_URL \(/,
    ],
  ])('is named with what to do: %s', async (_, url, sentence) => {
    const preparation = prepareDatabase({ url: url(), urlName: 'DATABASE_URL', patience: 0 });
    const error = await preparation.then(
      () => undefined,
      (failure: unknown) => failure as Error,
    );
    expect(error?.message).toMatch(sentence);
    expect(error?.message).not.toContain('pass-word');
  });

  describe('through a way that drops notifications, as a pooler in transaction mode does', () => {
    let pooler: Server;

    beforeEach(async () => {
      const { hostname, port } = new URL(database.url);
      pooler = createServer((client) => {
        const server = connect(Number(port), hostname);
        client.pipe(server);
        server.on('data', (chunk: Buffer) => chunk[0] !== NOTIFICATION && client.write(chunk));
        server.on('end', () => client.end());
        for (const socket of [client, server]) socket.on('error', () => undefined);
      }).listen(0, '127.0.0.1');
      await once(pooler, 'listening');
    });

    afterEach(() => pooler.close());

    it('is refused at once, since writes of other instances would not be heard of', async () => {
      const url = changed((one) => (one.port = String((pooler.address() as AddressInfo).port)));
      const preparation = prepareDatabase({ url, urlName: 'DATABASE_URL', patience: 60_000 });
      await expect(preparation).rejects.toThrow(
        'notifications do not arrive, as through a connection pooler in transaction mode: name PostgreSQL itself in DATABASE_URL',
      );
    });
  });
});

describe('databaseUrlComplaint', () => {
  it('names the parameter whose file is missing, without the URL', () => {
    const complaint = databaseUrlComplaint(
      'postgres://mes:pass-word@host/mes?sslmode=verify-full&sslrootcert=/none.pem',
    );
    expect(complaint).toBe('names a file in sslrootcert that cannot be read (ENOENT)');
  });
});
