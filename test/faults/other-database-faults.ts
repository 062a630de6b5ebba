import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { DatabaseCopy } from './database-copy.js';
import { PromotedReplica } from './promoted-replica.js';
import { POSTGRES_SETTINGS } from './stage.js';
import { WHILE } from './while.js';

/** Faults that replace the database under the running system. Only a synchronous standby has all acknowledged writes. */
export const OTHER_DATABASE_FAULTS: readonly Fault[] = [
  {
    name: 'orders-restored',
    title: 'all rows are restored to an earlier state without triggers (session_replication_role)',
    alerts: ['MesChangedBySql'],
    // Writes wait for the locks of the restore.
    mayFail: 'while PostgreSQL does not serve',
    happen: async ({ system, postgres }) => {
      const copy = await DatabaseCopy.take(postgres.url);
      await delay(WHILE);
      await system.replaceDatabase(() => copy.restoreRows());
      await copy.drop();
    },
  },
  {
    name: 'database-restored',
    title: 'the database is restored from a dump: all tables are dropped, created again and filled',
    alerts: ['MesDatabaseReplaced'],
    mayFail: 'while tables are missing',
    happen: async ({ system, postgres }) => {
      const copy = await DatabaseCopy.take(postgres.url);
      await delay(WHILE);
      await system.replaceDatabase(() => copy.restoreAll());
      await copy.drop();
    },
  },
  {
    name: 'postgres-failed-over',
    title: 'PostgreSQL fails over to a replica that lacks the last commits',
    alerts: ['MesDatabaseReplaced'],
    mayFail: 'while PostgreSQL does not serve',
    leavesOthers: true,
    happen: async ({ system, postgres, resources }) => {
      const copy = await PromotedReplica.copy(postgres.url);
      await delay(WHILE);
      const replica = await resources.start(
        () => PromotedReplica.promote(copy, POSTGRES_SETTINGS),
        (server) => server.stop(),
      );
      await system.replaceDatabase(() => system.turnToDatabase(replica.url));
    },
  },
  {
    name: 'postgres-failed-over-synchronously',
    title: 'PostgreSQL is killed, and its synchronous standby is promoted, which has all commits',
    alerts: ['MesDatabaseReplaced'],
    mayFail: 'while PostgreSQL does not serve',
    leavesOthers: true,
    happen: async ({ system, postgres, resources }) => {
      const standby = await resources.start(
        () => PromotedReplica.follow(postgres.url, POSTGRES_SETTINGS),
        (server) => server.stop(),
      );
      await delay(WHILE);
      process.kill(postgres.pid, 'SIGKILL');
      await standby.becomePrimary();
      await system.turnToDatabase(standby.url);
    },
  },
  {
    name: 'orders-truncated',
    title: 'all orders are removed (TRUNCATE)',
    alerts: ['MesDatabaseReplaced'],
    happen: ({ system }) =>
      system.replaceDatabase(async () => {
        await system.table.query('TRUNCATE orders CASCADE');
      }),
  },
];
