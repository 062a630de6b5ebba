import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { DatabaseCopy } from './database-copy.js';
import { WHILE } from './while.js';

/** How the database can become another one under the running system, in which acknowledged writes are missing. */
export const OTHER_DATABASE_FAULTS: readonly Fault[] = [
  {
    name: 'orders-restored',
    title: 'all rows are put back to an earlier state, without a trigger (session_replication_role)',
    happen: async ({ system, postgres }) => {
      const copy = await DatabaseCopy.take(postgres.url);
      await delay(WHILE);
      await system.replaceDatabase(() => copy.restoreRows());
      await copy.drop();
    },
  },
  {
    name: 'database-restored',
    title: 'the database is restored from a dump: everything is dropped, made anew and filled',
    mayFail: 'while tables are missing',
    happen: async ({ system, postgres }) => {
      const copy = await DatabaseCopy.take(postgres.url);
      await delay(WHILE);
      await system.replaceDatabase(() => copy.restoreAll());
      await copy.drop();
    },
  },
  {
    name: 'orders-truncated',
    title: 'all orders are removed (TRUNCATE)',
    happen: ({ system }) =>
      system.replaceDatabase(async () => {
        await system.table.query('TRUNCATE orders CASCADE');
      }),
  },
];
