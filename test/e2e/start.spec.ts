import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ApiProcess } from '../support/api-process.js';
import { newOrder } from '../support/new-order.js';
import { createTestDatabase } from '../support/test-database.js';

const shell = promisify(execFile);

describe('starting and stopping', () => {
  let directory: string;
  const processes: ApiProcess[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mes start Ж-'));
    // Open for passing through, so that the data of a test run started by root stay in it and are removed with it.
    await chmod(directory, 0o711);
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((api) => api.destroy()));
    await rm(directory, { recursive: true, force: true });
  });

  function start(environment: Readonly<Record<string, string>> = {}): ApiProcess {
    const api = new ApiProcess({ DATA_DIR: directory, ...environment });
    processes.push(api);
    return api;
  }

  async function serverPid(): Promise<number> {
    return Number((await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  }

  /** Whether the process is there and not only waits for its parent to ask how it ended. */
  async function runs(pid: number): Promise<boolean> {
    const { stdout } = await shell('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    return stdout.trim() !== '' && !stdout.startsWith('Z');
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'needs no configuration, says how to use it, keeps its data, and leaves nothing behind after %s',
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

  it('starts after a run that was killed, and whose PostgreSQL was left behind', async () => {
    const first = start();
    await first.ready();
    const orphan = await serverPid();
    first.signal('SIGKILL');
    await first.ended();
    expect(await runs(orphan)).toBe(true);
    await start().ready();
    expect(await runs(orphan)).toBe(false);
  });

  it('stops while it is still starting', async () => {
    const api = start();
    while (!api.output.includes('Creating the database')) await new Promise((resolve) => setImmediate(resolve));
    api.signal('SIGTERM');
    expect(await api.ended()).toBe(0);
    await start().ready();
  });

  it('ends at once on a bad environment, naming every variable that is wrong and showing no value', async () => {
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
    expect(api.output).not.toContain('hunter2');
    expect(api.output).not.toContain('    at ');
  });

  it('waits for PostgreSQL for the time that is configured, then ends with a clear message', async () => {
    const api = start({ DATABASE_URL: 'postgres://mes:hunter2@127.0.0.1:1/mes', DATABASE_WAIT_SECONDS: '1' });
    expect(await api.ended()).toBe(1);
    expect(api.output).toContain('PostgreSQL is not there yet');
    expect(api.output).toContain('MES Orders API cannot start: PostgreSQL is not there');
    expect(api.output).not.toContain('hunter2');
  });

  it('serves without Redis when that is not there, and says so', async () => {
    const database = await createTestDatabase();
    const api = start({ DATABASE_URL: database.url, REDIS_URL: 'redis://127.0.0.1:1' });
    const url = await api.ready();
    expect(api.output).toContain('Redis is not there');
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const token = /^ {2}operator +(\S+)$/m.exec(api.output)?.[1] ?? '';
    const listed = await fetch(`${url}/api/v1/orders`, { headers: { authorization: `Bearer ${token}` } });
    expect(listed.status).toBe(200);
    expect(listed.headers.get('cache-status')).toMatch(/^mes; fwd=bypass/);
    api.signal('SIGTERM');
    expect(await api.ended()).toBe(0);
    await database.drop();
  });

  it('ends with a clear message when its port is taken, and takes its PostgreSQL with it', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const api = start({ PORT: String((taken.address() as AddressInfo).port) });
    expect(await api.ended()).toBe(1);
    expect(api.output).toContain('EADDRINUSE');
    await expect(serverPid()).rejects.toMatchObject({ code: 'ENOENT' });
    taken.close();
  });
});
