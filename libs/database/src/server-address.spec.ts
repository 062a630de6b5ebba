import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../../../test/support/tls-redis-server.js';
import { databaseUrlComplaint } from './database-url.js';
import { serverAddress } from './server-address.js';

describe('serverAddress', () => {
  it('has what the URL says about the server, TLS and the session', () => {
    const url =
      'postgres://anna:p%40ss@db.example:5433/mes?sslmode=no-verify&application_name=a&options=-c%20search_path%3Dx';
    expect(serverAddress(url)).toEqual({
      host: 'db.example',
      port: '5433',
      user: 'anna',
      password: 'p@ss',
      database: 'mes',
      ssl: { rejectUnauthorized: false },
      application_name: 'a',
      options: '-c search_path=x',
    });
  });

  it('knows sockets of the host', () => {
    expect(serverAddress('postgres://anna@/mes?host=/run/postgresql')).toMatchObject({
      host: '/run/postgresql',
      database: 'mes',
    });
  });

  it('has nothing that would change how the client works', () => {
    const limits =
      'statement_timeout=0&lock_timeout=0&idle_in_transaction_session_timeout=0&query_timeout=0&connectionTimeoutMillis=0';
    const others = 'keepAlive=false&pipeline=true&binary=true&replication=database&stream=x&connection=x&Promise=x';
    expect(Object.keys(serverAddress(`postgres://anna@db.example/mes?${limits}&${others}`)).sort()).toEqual([
      'database',
      'host',
      'password',
      'port',
      'user',
    ]);
  });

  it.each(['prefer', 'require', 'verify-ca', 'verify-full'])(
    'verifies the server with sslmode=%s, without a warning',
    (mode) => {
      const emitWarning = process.emitWarning.bind(process);
      const warnings: unknown[] = [];
      process.emitWarning = (warning: unknown) => void warnings.push(warning);
      const { ssl } = serverAddress(`postgres://db.example/mes?sslmode=${mode}`);
      process.emitWarning = emitWarning;
      expect(ssl).toEqual({});
      expect(warnings).toEqual([]);
    },
  );

  it.each([
    ['sslmode=disable', false],
    ['ssl=true', true],
    ['ssl=1', true],
    ['ssl=false', false],
    ['ssl=0', false],
    ['ssl=no-verify', { rejectUnauthorized: false }],
    ['sslnegotiation=direct', true],
    ['', undefined],
  ])('has for %s the right TLS', (parameters, ssl) => {
    expect(serverAddress(`postgres://db.example/mes?${parameters}`).ssl).toEqual(ssl);
  });

  describe('with PGSSLMODE', () => {
    afterEach(() => {
      delete process.env.PGSSLMODE;
    });

    it.each<[string, string, unknown]>([
      ['verify-full', '', {}],
      ['no-verify', '', { rejectUnauthorized: false }],
      ['disable', '', false],
      ['', '', undefined],
      ['verify-full', '?sslmode=disable', false],
      ['disable', '?sslmode=verify-full', {}],
      ['disable', '?ssl=true', true],
    ])('has the TLS of %s, unless the URL decides: %s', (mode, parameters, ssl) => {
      process.env.PGSSLMODE = mode;
      expect(serverAddress(`postgres://db.example/mes${parameters}`).ssl).toEqual(ssl);
    });

    it('refuses a mode that is none, which would connect without TLS', () => {
      process.env.PGSSLMODE = 'verify_full';
      expect(databaseUrlComplaint('postgres://db.example/mes')).toMatch(/^must have one of disable, .* in PGSSLMODE$/);
    });
  });

  it('reads the files of TLS, and refuses what is none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mes-tls-'));
    const [{ certificateFile: ca, keyFile: key }, text] = [await makeCertificate(directory), join(directory, 'text')];
    await writeFile(text, 'text');
    const url = (...parameters: string[]) => `postgres://db.example/mes?${parameters.join('&')}`;
    const address = serverAddress(url(`sslrootcert=${ca}`, `sslcert=${ca}`, `sslkey=${key}`, 'sslmode=no-verify'));
    const [caText, keyText] = await Promise.all([ca, key].map((path) => readFile(path, 'utf8')));
    expect(address.ssl).toEqual({ rejectUnauthorized: false, ca: caText, cert: caText, key: keyText });
    expect(databaseUrlComplaint(url(`sslrootcert=${directory}`))).toBe(
      'names a file in sslrootcert that cannot be read (EISDIR)',
    );
    for (const path of [text, key, '/dev/null']) {
      expect(databaseUrlComplaint(url(`sslrootcert=${path}`))).toBe(
        'names a file in sslrootcert that is no certificate in PEM',
      );
    }
    for (const [cert, itsKey] of [
      [text, key],
      [ca, text],
      [key, ca],
    ]) {
      expect(databaseUrlComplaint(url(`sslcert=${cert}`, `sslkey=${itsKey}`))).toBe(
        'names files in sslcert and sslkey that are not a certificate and its key, in PEM and without a passphrase',
      );
    }
    await rm(directory, { recursive: true });
  });
});

describe('databaseUrlComplaint', () => {
  it.each(['sslMode', 'sslmod', 'ssl_mode', 'schema', 'uselibpqcompat', 'sslcrl'])(
    'refuses the unknown parameter %s, which would be dropped',
    (name) => {
      expect(databaseUrlComplaint(`postgres://mes@db.example/mes?${name}=verify-full`)).toMatch(
        new RegExp(
          `^has a parameter ${name} that is not known: correct or remove it; the known ones are host, .*sslmode`,
        ),
      );
    },
  );

  it.each([
    'connect_timeout=10&application_name=mes&keepalives=1&client_encoding=UTF8',
    'sslmode=require&channel_binding=require&target_session_attrs=read-write',
    'host=/run/postgresql&port=5433',
  ])('accepts what has no effect: %s', (parameters) => {
    expect(databaseUrlComplaint(`postgres://mes@/mes?${parameters}`)).toBeUndefined();
  });

  it.each([
    [
      'mes?sslmode=verify_full',
      'must have one of disable, no-verify, prefer, require, verify-ca, verify-full in sslmode',
    ],
    ['mes?sslmode=', 'must have one of disable, no-verify, prefer, require, verify-ca, verify-full in sslmode'],
    ['mes?ssl=yes', 'must have one of true, 1, false, 0, no-verify in ssl'],
    ['mes?port=none', 'has a port that is not a number from 1 to 65535'],
    ['mes?host=a,b', 'must name one host: that of the primary, or one that leads to it'],
  ])('refuses the value in %s', (path, complaint) => {
    expect(databaseUrlComplaint(`postgres://mes@db.example/${path}`)).toBe(complaint);
  });

  it.each([
    ['db.example:70000', 'has a port that is not a number from 1 to 65535'],
    ['db.example:54x', 'has a port that is not a number from 1 to 65535'],
    ['db.example:0', 'has a port that is not a number from 1 to 65535'],
    ['[::1]:x', 'has a port that is not a number from 1 to 65535'],
    ['a,b', 'must name one host: that of the primary, or one that leads to it'],
    ['a:5432,b:5432', 'must name one host: that of the primary, or one that leads to it'],
  ])('says what is wrong with the address %s', (address, complaint) => {
    expect(databaseUrlComplaint(`postgres://mes:secret@${address}/mes`)).toBe(complaint);
  });

  it.each(['mes:54?secret=1', 'mes:54?secret=1&x', 'mes:secret/', 'mes:secret?'])(
    'does not take the password of %s@… for another part',
    (login) => {
      const complaint = databaseUrlComplaint(`postgres://${login}@db.example/mes`);
      expect(complaint).toMatch(/^is not a URL that can be read; in the user name and the password, # /);
    },
  );
});
