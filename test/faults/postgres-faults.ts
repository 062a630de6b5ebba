import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { withSession } from '../support/with-session.js';
import type { Fault, Scene } from './fault.js';
import { instanceAt } from './instance-at.js';
import { WHILE } from './while.js';

const LOCKED_MS = 8_000;
/** Long enough for an instance to notice that its connection is silent. */
const SILENCE_MS = 5_000;
const TOO_MANY_CONNECTIONS = '53300';
const mayFail = 'while PostgreSQL does not serve';

/** Faults of PostgreSQL and of the connections to it. */
export const POSTGRES_FAULTS: readonly Fault[] = [
  {
    name: 'postgres-restarted',
    title: 'PostgreSQL crashes and recovers',
    alerts: ['MesDatabaseReplaced'],
    mayFail,
    happen: async ({ postgres }) => {
      await withSession(postgres.url, async (session) => {
        const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        // When one server process is killed, PostgreSQL ends all others and recovers as after a crash.
        for (const { pid } of rows) process.kill(pid, 'SIGKILL');
        await delay(WHILE);
      });
      process.kill(postgres.pid, 0);
    },
  },
  {
    name: 'postgres-vanished',
    title: 'PostgreSQL vanishes: old connections stay silent, new ones work',
    alerts: ['MesRefusals'],
    mayFail,
    keepsHits: true,
    happen: async ({ system }) => {
      for (const { database } of system.instances) database.vanish();
      await delay(WHILE);
    },
  },
  {
    name: 'postgres-silent',
    title: 'nothing arrives from PostgreSQL for five seconds, and then everything at once',
    alerts: ['MesListenSilent'],
    mayFail,
    keepsHits: true,
    happen: async ({ system }) => {
      for (const { database } of system.instances) database.block();
      await delay(SILENCE_MS);
      for (const { database } of system.instances) database.mend();
    },
  },
  {
    name: 'postgres-full',
    title: 'PostgreSQL has no connections left, and breaks the existing ones',
    alerts: ['MesListenSilent', 'MesRefusals'],
    mayFail,
    happen: useUpConnections,
  },
  {
    name: 'postgres-locked',
    title: 'another client locks all orders for eight seconds',
    alerts: ['MesRefusals', 'MesStatementsFailing'],
    mayFail,
    keepsHits: true,
    happen: ({ postgres }) =>
      withSession(postgres.url, async (session) => {
        await session.query('BEGIN');
        await session.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
        await delay(LOCKED_MS);
        await session.query('ROLLBACK');
      }),
  },
  {
    name: 'statements-cancelled',
    title: 'PostgreSQL cancels statements again and again',
    alerts: ['MesStatementsFailing'],
    mayFail,
    keepsHits: true,
    happen: ({ postgres }) =>
      withSession(postgres.url, async (session) => {
        const until = performance.now() + WHILE;
        while (performance.now() < until) {
          await session.query(
            `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()`,
          );
          await delay(1);
        }
      }),
  },
  {
    name: 'postgres-disk-full',
    title: 'PostgreSQL has no room for new rows (disk_full)',
    alerts: ['MesRefusals', 'MesStatementsFailing'],
    mayFail,
    keepsHits: true,
    // A change of the schema resets all caches, so it is not a part of the fault.
    prepare: ({ postgres }) =>
      withSession(postgres.url, async (session) => {
        await session.query(`
          CREATE TABLE disk (is_full boolean);
          INSERT INTO disk VALUES (false);
          CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF (SELECT is_full FROM public.disk) THEN
                RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full';
              END IF;
              RETURN NEW;
            END $$;
          CREATE TRIGGER refuse_row BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION refuse_row()`);
      }),
    happen: ({ postgres }) =>
      withSession(postgres.url, async (session) => {
        await session.query('UPDATE disk SET is_full = true');
        await delay(WHILE);
        await session.query('UPDATE disk SET is_full = false');
      }),
    leavesOthers: true,
  },
  {
    name: 'commit-cut',
    title: 'connections to PostgreSQL break during commits',
    alerts: ['MesRefusals'],
    mayFail,
    happen: async ({ system }) => {
      let writes = 0;
      for (const { database } of system.instances) {
        database.breakAfter((chunk) => {
          if (!/INSERT INTO orders|UPDATE orders SET/.test(chunk.toString('latin1'))) return false;
          writes += 1;
          return writes % 5 === 0;
        });
      }
      await delay(WHILE);
      for (const { database } of system.instances) database.mend();
    },
  },
  {
    name: 'sql-behind',
    title: 'another client changes orders by SQL',
    alerts: ['MesChangedBySql'],
    happen: async ({ system }) => {
      for (let i = 0; i < 30; i += 1) {
        await system.table.query(
          `UPDATE orders SET material = $1 WHERE id IN (SELECT id FROM orders ORDER BY random() LIMIT 3)`,
          [`Gold 585 ${i}`],
        );
        await delay(WHILE / 30);
      }
    },
  },
  {
    name: 'listening-vanished',
    title: 'the PostgreSQL connections of one instance fall silent, another is cut off from Redis',
    alerts: ['MesCacheUnavailable', 'MesRefusals'],
    touches: 2,
    mayFail,
    happen: async ({ system }) => {
      instanceAt(system, 0).database.vanish();
      instanceAt(system, 1).redis.cut();
      await delay(SILENCE_MS);
      instanceAt(system, 1).redis.mend();
    },
  },
  {
    name: 'each-cut-off',
    title: 'one instance is cut off from PostgreSQL, another from Redis: packets are dropped',
    alerts: ['MesCacheUnavailable', 'MesListenSilent'],
    touches: 2,
    mayFail,
    happen: async ({ system }) => {
      instanceAt(system, 0).database.block();
      instanceAt(system, 1).redis.block();
      await delay(SILENCE_MS);
      instanceAt(system, 0).database.mend();
      instanceAt(system, 1).redis.mend();
    },
  },
];

/** Takes all free connections, then ends those of the instances and takes them too. */
async function useUpConnections({ system, postgres }: Scene): Promise<void> {
  const taken: pg.Client[] = [];
  try {
    const until = performance.now() + 2 * WHILE;
    while (performance.now() < until) {
      while (await takeConnection(postgres.url, taken));
      for (const { database } of system.instances) database.breakConnections();
    }
  } finally {
    await Promise.all(taken.map((session) => session.end()));
  }
}

/** @returns whether a connection was free */
async function takeConnection(url: string, taken: pg.Client[]): Promise<boolean> {
  const session = new pg.Client(url);
  session.on('error', () => undefined);
  try {
    await session.connect();
    taken.push(session);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== TOO_MANY_CONNECTIONS) throw error;
    return false;
  }
}
