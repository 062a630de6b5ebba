import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startInOtherProcess, type OtherProcess } from '../../../../test/support/other-process.js';
import { watchOver } from '../../../../test/support/watchdog.js';
import { packagedBinaries } from './binaries.js';
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';

const settings = { fsync: 'off' };
const inUse = {
  name: 'EmbeddedPostgresError',
  code: 'IN_USE',
  message: expect.stringContaining('DATABASE_URL') as string,
};

let root: string;
/** Most tests go on with the data of this one, as starts of one installation do. */
let directory: string;
const running = new Set<EmbeddedPostgres>();
const others = new Set<OtherProcess>();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mes-embedded-'));
  await chmod(root, 0o755);
  directory = join(root, 'цех и склад');
  const server = await start();
  await query(server.url, 'CREATE TABLE kept (line text)');
  await query(server.url, "INSERT INTO kept VALUES ('кольцо')");
  await server.stop();
});

afterEach(async () => {
  await Promise.all([...others].map((other) => other.kill()));
  others.clear();
  await Promise.all([...running].map((server) => server.stop()));
  running.clear();
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('the first start', () => {
  it('creates a database in a folder whose name has a space and Cyrillic letters', async () => {
    const { url } = await start();
    const [answer] = await query(
      url,
      `SELECT current_user, datname, pg_encoding_to_char(encoding) AS encoding, datlocale, datlocprovider
       FROM pg_database WHERE datname = current_database()`,
    );
    expect(answer).toEqual({
      current_user: 'mes',
      datname: 'mes',
      encoding: 'UTF8',
      datlocale: 'C.UTF-8',
      datlocprovider: 'b',
    });
  });

  it('asks for a password, which is in a file that only this user can read', async () => {
    const { url } = await start();
    const stranger = new URL(url);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    const file = join(directory, 'postgres-password');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(url).toContain(`:${await readFile(file, 'utf8')}@127.0.0.1:`);
    expect(await query(url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
  });

  it('recovers after a start that was killed while it created the data', async () => {
    const fresh = join(root, 'half-done');
    const killed = startElsewhere(fresh);
    await until(async () => (await draftsIn(fresh)).length > 0);
    await until(async () => (await readdir(join(fresh, (await draftsIn(fresh))[0] ?? ''))).includes('PG_VERSION'));
    await killed.kill();
    expect(await readdir(fresh)).not.toContain('postgres');

    const server = await start({ directory: fresh });
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await readdir(fresh)).sort()).toEqual(['postgres', 'postgres-password', 'postgres.log']);
  });

  it('works below a folder that is closed to other users, and does not change the mode of that folder', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'mes-closed-'));
    try {
      const first = await start({ directory: join(closed, 'data') });
      await query(first.url, 'CREATE TABLE kept ()');
      await first.stop();
      const second = await start({ directory: join(closed, 'data') });
      expect(await query(second.url, 'SELECT * FROM kept')).toEqual([]);
      expect(second.dataDirectory).toBe(first.dataDirectory);
      expect((await stat(closed)).mode & 0o777).toBe(0o700);
      await second.stop();
      await rm(second.dataDirectory, { recursive: true });
    } finally {
      await rm(closed, { recursive: true });
    }
  });

  it('says what to do where npm has no PostgreSQL for the platform', async () => {
    await expect(packagedBinaries('sunos', 'sparc')).rejects.toMatchObject({
      code: 'UNSUPPORTED_PLATFORM',
      message: expect.stringContaining('DATABASE_URL') as string,
    });
  });
});

describe('a later start', () => {
  it('finds the same data', async () => {
    await expectKept(await start());
  });

  it('goes on after a crash of the server', async () => {
    const ended = spawn('true');
    await once(ended, 'exit');
    await leavePostmasterFile(String(ended.pid));
    await expectKept(await start());
  });

  it('does no harm to another process with the process id of a crashed server', async () => {
    // Of the same user as the server: PostgreSQL itself sees that a process of another user cannot be a server here.
    const { uid, gid } = await stat(join(directory, 'postgres'));
    const innocent = spawn('sleep', ['600'], { uid, gid });
    try {
      await leavePostmasterFile(String(innocent.pid));
      const server = await start();
      await expectKept(server);
      await server.stop();
      expect([innocent.exitCode, innocent.signalCode]).toEqual([null, null]);
    } finally {
      innocent.kill();
    }
  });

  it('goes on after a power failure that has emptied postmaster.pid', async () => {
    await writeFile(postmasterFile(), '');
    const before = new Date(Date.now() - 60_000);
    await utimes(postmasterFile(), before, before);
    await expectKept(await start());
  });

  it('stops the server of a killed process, and goes on with its data', async () => {
    const other = startElsewhere(directory);
    const orphan = await other.started();
    await query(orphan.url ?? '', "INSERT INTO kept VALUES ('серьги')");
    await other.kill();
    expect(await answers(orphan.url)).toBe(true);

    const lines: string[] = [];
    const server = await start({ log: (line) => lines.push(line) });
    expect(lines.join()).toContain('left behind');
    expect(await query(server.url, "DELETE FROM kept WHERE line = 'серьги' RETURNING line")).toEqual([
      { line: 'серьги' },
    ]);
    await expectKept(server);
    expect(await answers(orphan.url)).toBe(false);
  });

  it.each<[string, (folder: string) => Promise<unknown>]>([
    ['lost its password', (folder) => rm(join(folder, 'postgres-password'))],
    ['does not accept the password', (folder) => writeFile(join(folder, 'postgres-password'), 'another')],
    ['something other than', (folder) => rm(join(folder, 'postgres', 'PG_VERSION'))],
    ['a link to a folder that is missing', loseStagedData],
  ])('does not replace data that it cannot use: %s', async (complaint, damage) => {
    const damaged = await mkdtemp(join(root, 'damaged-'));
    await chmod(damaged, 0o755);
    // As much of a data directory as is looked at before a server starts; the whole of it only where one does start.
    if (complaint.startsWith('does not accept')) await copyData(damaged);
    else await imitateData(damaged);
    await damage(damaged);
    await expect(start({ directory: damaged })).rejects.toMatchObject({
      code: 'DATA_UNUSABLE',
      message: expect.stringContaining(complaint) as string,
    });
  });

  it('fails with the last lines of the log when the server does not start', async () => {
    await expect(start({ settings: { nonsense: '1' } })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringContaining('unrecognized configuration parameter "nonsense"') as string,
    });
  });
});

describe('the ownership of the data', () => {
  it('is refused while another process owns them', async () => {
    const other = startElsewhere(directory);
    const owner = await other.started();
    await expect(start()).rejects.toMatchObject(inUse);
    expect(await query(owner.url ?? '', 'SELECT line FROM kept')).toEqual([{ line: 'кольцо' }]);
  });

  it.each([
    ['for the first time', 'simultaneous'],
    ['again', 'simultaneous'],
  ])('goes to exactly one of several simultaneous starts, %s', async (_, name) => {
    const contested = join(root, name);
    const attempts = await Promise.allSettled([1, 2, 3].map(() => start({ directory: contested })));
    const winners = attempts.filter((attempt) => attempt.status === 'fulfilled');
    const losers = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(losers.map((attempt) => attempt.reason as unknown)).toMatchObject([inUse, inUse]);
    expect(winners).toHaveLength(1);
    expect(await query(winners[0]?.value.url ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await draftsIn(contested)).toEqual([]);
  });

  it('survives the crash of a server process, which ends every session', async () => {
    const { url } = await start();
    const [session] = await query(url, `SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'`);
    process.kill(Number(session?.pid), 'SIGKILL');
    await until(async () => {
      const owners = await query(url, "SELECT FROM pg_locks WHERE locktype = 'advisory'").catch(() => []);
      return owners.length > 0;
    });
    await expect(start()).rejects.toMatchObject(inUse);
    expect(await query(url, 'SELECT line FROM kept')).toEqual([{ line: 'кольцо' }]);
  });
});

describe('the server', () => {
  it('is gone after stop(), which may be called again', async () => {
    const server = await start();
    await server.stop();
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
    expect(await readdir(server.dataDirectory)).not.toContain('postmaster.pid');
    expect(await server.exited).toMatchObject({ expected: true });
  });

  it('reports its end when it dies', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGQUIT');
    const exit = await server.exited;
    expect(exit.expected).toBe(false);
    expect(exit.description).toContain('received immediate shutdown request');
  });

  it('has a process group of its own, so that Ctrl-C does not reach it', async () => {
    const { pid } = await start();
    expect(() => process.kill(-pid, 0)).not.toThrow();
  });

  it('does not see our environment', async () => {
    process.env.MES_SECRET = 'treasure';
    try {
      const { url } = await start();
      // Whether a variable is empty, asked by a program that the server starts and that reads all it is given.
      const isEmpty = (name: string): string => `COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; test -z "$${name}"'`;
      await query(url, isEmpty('MES_SECRET'));
      await expect(query(url, isEmpty('PATH'))).rejects.toThrow('failed');
    } finally {
      delete process.env.MES_SECRET;
    }
  });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start({
    directory,
    ...options,
    settings: { ...settings, ...options.settings },
  });
  running.add(server);
  // Jest may be killed, and the server would outlive it.
  const callOffWatch = watchOver(server.pid, [root]);
  void server.exited.then(callOffWatch);
  return server;
}

function startElsewhere(target: string): OtherProcess {
  const other = startInOtherProcess(target);
  others.add(other);
  return other;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function expectKept(server: EmbeddedPostgres): Promise<void> {
  expect(await query(server.url, 'SELECT line FROM kept')).toEqual([{ line: 'кольцо' }]);
}

function postmasterFile(): string {
  return join(directory, 'postgres', 'postmaster.pid');
}

async function leavePostmasterFile(pid: string): Promise<void> {
  const lines = [pid, join(directory, 'postgres'), '1700000000', '1', '', '127.0.0.1', '  123456   7', 'ready   '];
  await writeFile(postmasterFile(), `${lines.join('\n')}\n`);
}

async function answers(url: string | undefined): Promise<boolean> {
  return query(url ?? '', 'SELECT 1').then(
    () => true,
    () => false,
  );
}

async function draftsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith('postgres-initdb-') && !name.endsWith('-password'));
}

async function copyData(target: string): Promise<void> {
  const copy = spawn('cp', ['-a', join(directory, 'postgres'), join(directory, 'postgres-password'), target]);
  await once(copy, 'exit');
}

async function imitateData(target: string): Promise<void> {
  await mkdir(join(target, 'postgres'));
  await cp(join(directory, 'postgres', 'PG_VERSION'), join(target, 'postgres', 'PG_VERSION'));
  await cp(join(directory, 'postgres-password'), join(target, 'postgres-password'));
}

async function loseStagedData(folder: string): Promise<void> {
  await rm(join(folder, 'postgres'), { recursive: true });
  await symlink(join(folder, 'lost'), join(folder, 'postgres'));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('waited a minute in vain');
    await delay(5);
  }
}
