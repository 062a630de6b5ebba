import { setTimeout as delay } from 'node:timers/promises';
import { PgBouncer } from '../support/pgbouncer.js';
import type { Fault } from './fault.js';
import { WHILE } from './while.js';

/** Longer than an instance waits for PostgreSQL, in milliseconds: the pooler passes on what was given up. */
const LONG = 8_000;

/** Faults of a PgBouncer in transaction mode. */
export const POOLER_FAULTS: readonly Fault[] = [
  {
    name: 'pooler-killed',
    title: 'the connection pooler is killed and started again',
    alerts: ['MesRefusals'],
    ...behindPooler(async (pooler) => {
      await pooler.kill();
      await delay(WHILE);
      await pooler.launch();
    }),
  },
  {
    name: 'pooler-hung',
    title: 'the connection pooler hangs for eight seconds, and then passes on what it has got',
    alerts: ['MesRefusals'],
    ...behindPooler(async (pooler) => {
      pooler.signal('SIGSTOP');
      await delay(LONG);
      pooler.signal('SIGCONT');
    }),
  },
];

/** Runs a fault of a pooler, through which the instances reach PostgreSQL before it. */
function behindPooler(
  happen: (pooler: PgBouncer) => Promise<void>,
): Pick<Fault, 'prepare' | 'happen' | 'leavesOthers' | 'mayFail'> {
  let started: PgBouncer | undefined;
  return {
    leavesOthers: true,
    mayFail: 'while PostgreSQL does not serve',
    prepare: async ({ system, postgres, resources }) => {
      started = await resources.start(
        () => PgBouncer.start(postgres.url),
        (pooler) => pooler.stop(),
      );
      await system.turnToPooler(started.url);
    },
    happen: async () => {
      if (started) await happen(started);
    },
  };
}
