import { execFile } from 'node:child_process';
import { access, chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { prepareDatabase } from '@mes/database';
import { migrations } from '../../libs/database/src/migrations/migrations.js';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const shell = promisify(execFile);

describe('starting and stopping', () => {
  let directory: string;
  const processes: ApiProcess[] = [];
  const databases: TestDatabase[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mes start Ж-'));
    // The folder allows access to its contents: if root runs the tests, PostgreSQL runs as another user.
    await chmod(directory, 0o711);
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((api) => api.destroy()));
    await Promise.all(databases.splice(0).map((database) => database.drop()));
    await rm(directory, { recursive: true, force: true });
  });

  function start(environment: Readonly<Record<string, string>> = {}): ApiProcess {
    const api = new ApiProcess({ DATA_DIR: directory, ...environment });
    processes.push(api);
    return api;
  }

  async function emptyDatabase(): Promise<TestDatabase> {
    const database = await createTestDatabase();
    databases.push(database);
    return database;
  }

  async function serverPid(): Promise<number> {
    return Number((await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  }

  /** Whether the process is running. A zombie does not count. */
  async function runs(pid: number): Promise<boolean> {
    const { stdout } = await shell('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    return stdout.trim() !== '' && !stdout.startsWith('Z');
  }

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'needs no configuration, prints how to use it, keeps its data, and leaves nothing behind after %s',
    async (signal) => {
      const first = start();
      const url = await first.ready();
      expect(first.output).toContain(`${url}/docs`);
      const tokens: Partial<Record<string, string>> = {};
      for (const [, role = '', token] of first.output.matchAll(/^ {2}(operator|partner|viewer|admin) +(\S+)$/gm)) {
        tokens[role] = token;
      }
      expect(Object.keys(tokens)).toEqual(['operator', 'partner', 'viewer', 'admin']);

      const created = await fetch(`${url}/api/v1/orders`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokens.partner ?? ''}`, 'content-type': 'application/json' },
        body: JSON.stringify(newOrder({ externalId: 'kept' })),
      });
      expect(created.status).toBe(201);
      const curl = /^ {2}(curl .*)$/m.exec(first.output)?.[1] ?? '';
      const { stdout } = await shell('sh', ['-c', curl]);
      expect(stdout).toMatch(/^HTTP\/1\.1 200 OK/);
      expect(stdout).toContain('"externalId":"kept"');

      const postgres = await serverPid();
      first.signal(signal);
      expect(await first.ended()).toBe(0);
      expect(await runs(postgres)).toBe(false);

      const second = start();
      const listed = await fetch(`${await second.ready()}/api/v1/orders`, {
        headers: { authorization: `Bearer ${tokens.operator ?? ''}` },
      });
      expect(await listed.text()).toContain('"externalId":"kept"');
    },
  );

  it('starts after a run that was killed and left its PostgreSQL behind', async () => {
    const first = start();
    await first.ready();
    const orphan = await serverPid();
    first.signal('SIGKILL');
    await first.ended();
    expect(await runs(orphan)).toBe(true);
    await start().ready();
    expect(await runs(orphan)).toBe(false);
  });

  it('starts after runs that were killed at each stage of their start, and keeps one database', async () => {
    const exists = (name: string) => (): Promise<boolean> =>
      access(join(directory, name)).then(
        () => true,
        () => false,
      );
    const says = (text: string) => (api: ApiProcess) => (): boolean => api.output.includes(text);
    const stages: ((api: ApiProcess) => () => boolean | Promise<boolean>)[] = [
      says('Creating the database'),
      () => exists('postgres-password'),
      () => exists('postgres'),
      () => exists('postgres/postmaster.pid'),
      () => exists('postgres.log'),
      says('/docs'),
    ];
    for (const stage of stages) {
      const api = start();
      await eventually(stage(api), 180_000);
      api.signal('SIGKILL');
      await api.ended();
    }
    const last = start();
    expect((await fetch(`${await last.ready()}/health/ready`)).status).toBe(200);
    expect((await readdir(directory)).sort()).toEqual([
      'development-signing-key.json',
      'postgres',
      'postgres-password',
      'postgres.log',
    ]);
  });

  it('starts after a run that was killed during the migration', async () => {
    const database = await emptyDatabase();
    const blocker = await OrdersTable.connect(database.url);
    const observer = await OrdersTable.connect(database.url);
    try {
      await blocker.query('BEGIN');
      await blocker.query('CREATE EXTENSION pg_trgm');
      const killed = start({ DATABASE_URL: database.url });
      await eventually(async () => {
        const waiting = await observer.query(
          `SELECT FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'CREATE EXTENSION%'`,
        );
        return waiting.length > 0;
      }, 180_000);
      killed.signal('SIGKILL');
      await killed.ended();
      await blocker.query('ROLLBACK');

      await start({ DATABASE_URL: database.url }).ready();
      expect(await observer.query('SELECT FROM schema_migrations')).toHaveLength(migrations.length);
    } finally {
      await Promise.all([blocker.close(), observer.close()]);
    }
  });

  it('migrates an empty database once for five instances, which accept each other’s tokens', async () => {
    const database = await emptyDatabase();
    const instances = Array.from({ length: 5 }, () =>
      start({ ...PATIENT, DATABASE_URL: database.url, LOG_LEVEL: 'warn' }),
    );
    const urls = await Promise.all(instances.map((api) => api.ready()));
    const table = await OrdersTable.connect(database.url);
    expect(await table.query('SELECT FROM schema_migrations')).toHaveLength(migrations.length);
    await table.close();
    for (const { output } of instances) {
      const token = /^ {2}operator +(\S+)$/m.exec(output)?.[1] ?? '';
      const headers = { authorization: `Bearer ${token}` };
      const statuses = urls.map(async (url) => (await fetch(`${url}/api/v1/orders`, { headers })).status);
      expect(await Promise.all(statuses)).toEqual(urls.map(() => 200));
    }
  });

  it('succeeds for only one process with the same embedded database', async () => {
    const instances = [start(), start(), start()];
    const outcomes = await Promise.all(
      instances.map((api) => Promise.race([api.ready().catch(() => api.ended()), api.ended()])),
    );
    expect(outcomes.filter((outcome) => typeof outcome === 'string')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 1)).toHaveLength(2);
    for (const [i, outcome] of outcomes.entries()) {
      const refusal = 'is in use by another running process';
      expect([outcome, instances[i]?.output.includes(refusal)]).toEqual([outcome, outcome === 1]);
    }
  });

  it('stops at once while it waits for PostgreSQL', async () => {
    const api = start({ DATABASE_URL: 'postgres://mes@127.0.0.1:1/mes', DATABASE_WAIT_SECONDS: '3600' });
    await eventually(() => api.output.includes('not ready yet'), 180_000);
    api.signal('SIGTERM');
    expect(await api.ended()).toBe(0);
    expect(api.output).not.toContain('cannot start');
  });

  it('ends at once on a wrong password, without showing it', async () => {
    const database = await emptyDatabase();
    const url = new URL(database.url);
    url.password = 'hunter2';
    const api = start({ DATABASE_URL: url.href, DATABASE_WAIT_SECONDS: '3600' });
    expect(await api.ended()).toBe(1);
    expect(api.output).toMatch(
      /^MES Orders API cannot start: PostgreSQL refuses the user or the password: correct them in DATABASE_URL \(.*\)$/m,
    );
    expect(api.output.trim().split('\n')).toHaveLength(1);
    expect(api.output).not.toContain('hunter2');
  });

  it('stops while it is still starting', async () => {
    const api = start();
    await eventually(() => api.output.includes('Creating the database'), 180_000);
    api.signal('SIGTERM');
    expect(await api.ended()).toBe(0);
    await start().ready();
  });

  it('ends at once on an invalid environment, naming every invalid variable and showing no value', async () => {
    const wrong = {
      PORT: 'http',
      DATABASE_URL: 'mysql://u:hunter2@host/db',
      REDIS_URL: 'hunter2',
      LOG_LEVEL: 'hunter2',
    };
    const api = start({ NODE_ENV: 'production', ...wrong });
    expect(await api.ended()).toBe(1);
    for (const name of Object.keys(wrong)) expect(api.output).toContain(`\n  ${name}: `);
    expect(api.output).toContain('AUTH_ISSUER, AUTH_JWKS_URL, AUTH_AUDIENCE: must be set in production');
    expect(api.output).toContain('MES Orders API cannot start: the environment is not valid:');
    expect(api.output).not.toContain('hunter2');
    expect(api.output).not.toContain('    at ');
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['an unknown host', { HOST: 'no-such-host.invalid' }, 'HOST: no-such-host.invalid is not known'],
    ['an address of another machine', { HOST: '203.0.113.1' }, 'HOST: 203.0.113.1 is no address of this machine'],
    ['a folder for data that cannot be made', { DATA_DIR: '/dev/null/data' }, 'DATA_DIR: /dev/null/data'],
    ['a place that takes no folders', { DATA_DIR: '/proc/data' }, 'DATA_DIR: /proc/data'],
  ])('ends with one sentence that names the variable: %s', async (_, wrong, sentence) => {
    const database = await emptyDatabase();
    const api = start({ DATABASE_URL: database.url, ...wrong });
    expect(await api.ended()).toBe(1);
    expect(api.output).toContain(`MES Orders API cannot start: ${sentence}`);
    expect(api.output.split('\n').filter((line) => /cannot start|rror|    at /.test(line))).toHaveLength(1);
  });

  it.each(['/dev/null/data', '/proc/mes/data'])(
    'ends with one sentence if there is no place for the embedded database: %s',
    async (directory) => {
      const api = start({ DATA_DIR: directory });
      expect(await api.ended()).toBe(1);
      expect(api.output).toMatch(/^MES Orders API cannot start: DATA_DIR: \/[^\n]* name a folder [^\n]*\n$/);
      expect(api.output).toContain(`now it is ${directory}`);
    },
  );

  it('names a misspelt variable, and starts all the same', async () => {
    const database = await emptyDatabase();
    const api = start({ DATABASE_URL: database.url, RATE_LIMIT_PER_MIN: '5', HOSTNAME: 'somewhere' });
    await api.ready();
    expect(api.output).toContain(
      'The variable RATE_LIMIT_PER_MIN has no effect. Did you mean RATE_LIMIT_PER_MINUTE?\n',
    );
    expect(api.output).not.toContain('HOSTNAME');
  });

  it('waits for PostgreSQL for the configured time, then ends with a clear message', async () => {
    const api = start({ DATABASE_URL: 'postgres://mes:hunter2@127.0.0.1:1/mes', DATABASE_WAIT_SECONDS: '1' });
    expect(await api.ended()).toBe(1);
    const cause = 'nothing listens at the address in DATABASE_URL: start PostgreSQL there, or correct the address';
    expect(api.output.split(`The database is not ready yet: ${cause}`)).toHaveLength(2);
    expect(api.output.split(`MES Orders API cannot start: ${cause}`)).toHaveLength(2);
    expect(api.output).not.toContain('hunter2');
  });

  it.each([
    ['the pool opens', 'SELECT version()'],
    ['the cache asks for its name', 'cache_namespace()'],
  ])('waits for PostgreSQL again if the connection breaks once the schema is ready: when %s', async (_, statement) => {
    const { url } = await emptyDatabase();
    await prepareDatabase({ url, patience: 60_000 });
    const way = await TcpProxy.open(url);
    let isBroken = false;
    way.breakAfter((chunk) => !isBroken && (isBroken = chunk.includes(statement)));
    try {
      const api = start({ ...PATIENT, DATABASE_URL: way.url });
      await api.ready();
      expect(isBroken).toBe(true);
      expect(api.output).toMatch(/^The database is not ready yet: .*lost/m);
    } finally {
      await way.close();
    }
  });

  it('serves without Redis if Redis is unavailable, and reports it', async () => {
    const database = await emptyDatabase();
    const api = start({ ...PATIENT, DATABASE_URL: database.url, REDIS_URL: 'redis://127.0.0.1:1' });
    const url = await api.ready();
    // The warning and the address come over different pipes.
    const warning =
      'Redis is not used, and responses come from the database: nothing listens at the address in REDIS_URL';
    await eventually(() => api.output.includes(warning));
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const token = /^ {2}operator +(\S+)$/m.exec(api.output)?.[1] ?? '';
    const listed = await fetch(`${url}/api/v1/orders`, { headers: { authorization: `Bearer ${token}` } });
    expect(listed.status).toBe(200);
    expect(listed.headers.get('cache-status')).toMatch(/^mes; fwd=bypass/);
    api.signal('SIGTERM');
    expect(await api.ended()).toBe(0);
  });

  it('ends with a clear message if its port is in use, and stops its PostgreSQL', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const api = start({ PORT: String((taken.address() as AddressInfo).port) });
    expect(await api.ended()).toBe(1);
    expect(api.output).toMatch(
      /^MES Orders API cannot start: PORT: another process listens on port \d+ of 127\.0\.0\.1/m,
    );
    expect(api.output).not.toContain('    at ');
    await expect(serverPid()).rejects.toMatchObject({ code: 'ENOENT' });
    taken.close();
  });
});
