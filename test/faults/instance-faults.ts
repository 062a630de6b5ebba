import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ApiInstance } from '../consistency/system/api-instance.js';
import { createAtOnce } from './create-at-once.js';
import type { Fault } from './fault.js';
import { instanceAt } from './instance-at.js';
import { WHILE } from './while.js';

/** The points at which a writer can die. */
const TITLE_OF = {
  begin: 'it has begun a pending write',
  commit: 'PostgreSQL has committed its write',
  complete: 'it has completed a write, before it responds',
} as const;
const WRITES_UNDER_WAY = 6;
const TEN_MINUTES_MS = 600_000;
const STANDSTILL_MS = 2_000;
/** Fewer than a Node process needs to run. */
const FEW_DESCRIPTORS = 20;

/** Faults of API instances. */
export const INSTANCE_FAULTS: readonly Fault[] = [
  {
    name: 'another-instance',
    title: 'another instance starts and stops',
    alerts: [],
    touches: 0,
    happen: async ({ system }) => {
      const another = await ApiInstance.start({ ...instanceAt(system, 0).plan, name: 'another' });
      try {
        await delay(WHILE);
        await another.end('SIGTERM');
      } finally {
        await another.stop();
      }
    },
  },
  {
    name: 'rolling-restart',
    title: 'all instances are restarted, one after another (SIGTERM)',
    alerts: ['MesInstanceRestarted'],
    happen: async ({ system }) => {
      for (const instance of system.instances) {
        await instance.end('SIGTERM');
        await instance.startAgain();
      }
    },
  },
  {
    name: 'api-killed',
    title: 'instances are killed at random moments (SIGKILL)',
    alerts: ['MesInstanceRestarted'],
    touches: 2,
    mayFail: 'when the process dies',
    happen: async ({ system }) => {
      for (const instance of system.instances.slice(0, 2)) {
        await instance.end('SIGKILL');
        await delay(WHILE / 3);
        await instance.startAgain();
      }
    },
  },
  ...(['begin', 'commit', 'complete'] as const).map((point): Fault => ({
    name: `api-killed-after-${point}`,
    title: `an instance dies after ${TITLE_OF[point]}`,
    alerts: ['MesInstanceRestarted', 'MesPendingWritesSwept'],
    touches: 1,
    mayFail: 'when the process dies',
    happen: ({ system }) => dieAt(instanceAt(system, 0), { KILLED_AFTER: point }),
  })),
  {
    name: 'api-killed-amid-writes',
    title: `an instance dies during ${WRITES_UNDER_WAY} writes that PostgreSQL has committed`,
    alerts: ['MesInstanceRestarted', 'MesPendingWritesSwept'],
    touches: 1,
    mayFail: 'when the process dies',
    happen: async ({ system }) => {
      const instance = instanceAt(system, 0);
      const environment = { KILLED_AFTER: 'commit', KILLED_AMID: String(WRITES_UNDER_WAY) };
      await dieAt(instance, environment, () => createAtOnce(system, instance, WRITES_UNDER_WAY));
    },
  },
  {
    name: 'api-stood-still',
    title: 'one instance is frozen for two seconds, like a blocked event loop (SIGSTOP)',
    alerts: ['MesStandstill'],
    touches: 1,
    happen: async ({ system }) => {
      const instance = instanceAt(system, 0);
      instance.signal('SIGSTOP');
      await delay(STANDSTILL_MS);
      instance.signal('SIGCONT');
    },
  },
  {
    name: 'api-without-descriptors',
    title: 'one instance has no file descriptors left for its connections',
    alerts: ['MesCacheUnavailable', 'MesListenSilent'],
    touches: 1,
    mayFail: 'while no connection can be opened',
    happen: ({ system }) => withoutDescriptors(instanceAt(system, 0)),
  },
  {
    name: 'clocks-apart',
    title: 'the clock of one instance is ten minutes ahead',
    alerts: ['MesClockWrong'],
    touches: 1,
    happen: ({ system }) =>
      withClock(instanceAt(system, 0), { CLOCK_AHEAD_MS: String(TEN_MINUTES_MS) }, () => delay(WHILE)),
  },
  {
    name: 'clock-jumps',
    title: 'the clock of one instance jumps: ten minutes ahead, twenty back, and ten ahead',
    alerts: ['MesClockWrong'],
    touches: 1,
    happen: async ({ system }) => {
      const instance = instanceAt(system, 0);
      await withClock(instance, {}, async () => {
        for (let i = 0; i < 3; i += 1) {
          await delay(WHILE / 2);
          instance.signal('SIGUSR2');
        }
        await delay(WHILE / 2);
      });
    },
  },
];

/** Restarts an instance so that it dies at the point in its environment, and restarts it normally after its death. */
async function dieAt(
  instance: ApiInstance,
  environment: Readonly<Record<string, string>>,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await instance.end('SIGTERM');
  await instance.startAgain({
    preloads: ['test/faults/preloads/killed-at.ts'],
    environment: { ...instance.plan.environment, ...environment },
  });
  const done = meanwhile();
  await instance.ended();
  await instance.startAgain();
  await done;
}

/** Restarts an instance with a clock that can be wrong, and restarts it normally afterwards. */
async function withClock(
  instance: ApiInstance,
  environment: Readonly<Record<string, string>>,
  meanwhile: () => Promise<void>,
): Promise<void> {
  await instance.end('SIGTERM');
  await instance.startAgain({
    preloads: ['test/faults/preloads/wrong-clock.ts'],
    environment: { ...instance.plan.environment, ...environment },
  });
  await meanwhile();
  await instance.end('SIGTERM');
  await instance.startAgain();
}

/** Breaks the connections of an instance, and leaves it no file descriptors for new ones. */
async function withoutDescriptors({ pid, redis, database }: ApiInstance): Promise<void> {
  const usual = (await limit(pid, ['--output', 'SOFT', '--noheadings', '--nofile'])).trim();
  await limit(pid, [`--nofile=${FEW_DESCRIPTORS}:`]);
  redis.breakConnections();
  database.breakConnections();
  await delay(2 * WHILE);
  await limit(pid, [`--nofile=${usual}:`]);
}

async function limit(pid: number, options: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('prlimit', ['--pid', String(pid), ...options]);
  return stdout;
}
