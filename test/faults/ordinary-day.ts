import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../apps/mes-api/src/commands/sample/random.js';
import type { System } from '../consistency/system/system.js';
import { Client, type Floor, type Habits } from '../consistency/workload/client.js';
import { LISTS } from '../consistency/workload/lists.js';
import type { Worker } from '../consistency/workload/load.js';

/** How many lists everybody polls, of those that are asked for most. */
const HOT_LISTS = 4;
const HOT_PAUSE_MS = 15;
const CALM_PAUSE_MS = 15;
const LONGEST_PAUSE_OF_WRITERS_MS = 1_500;
const WRITER: Habits = {
  pause: LONGEST_PAUSE_OF_WRITERS_MS,
  actions: [
    ['create', 1],
    ['move', 2],
  ],
};

export interface DayPlan {
  /** Of the names of clients: never used twice on the same database. */
  readonly name: string;
  readonly seed: string;
  /** Orders that nobody changes any more. */
  readonly calm: readonly string[];
}

/**
 * Those who use each instance on an ordinary day: one polls the lists and the counts that everybody polls, one looks at orders
 * that nobody changes, and one writes now and then. In quiet, nearly all that is polled is a hit.
 */
export function ordinaryDay({ instances, floor }: System, { name, seed, calm }: DayPlan): Worker[] {
  return instances.flatMap((instance) => {
    const here: Floor = { ...floor, instances: () => (instance.isRunning ? [instance.client] : []) };
    const client = (role: string, habits: Habits): Client => {
      const clientName = `${name}-${role}-${instance.name}`;
      return new Client(clientName, here, new Random(`${seed} ${clientName}`), habits);
    };
    const hot = client('hot', { pause: 0, watches: 'hot' });
    const looker = client('calm', { pause: 0, watches: 'calm' });
    const asks = [
      ...LISTS.slice(0, HOT_LISTS).map(
        ([list]) =>
          () =>
            hot.list(list),
      ),
      () => hot.counts(),
    ];
    return [
      new Poller(asks, HOT_PAUSE_MS, here),
      new Poller(
        calm.map((order) => () => looker.look('order', order)),
        CALM_PAUSE_MS,
        here,
      ),
      client('writer', WRITER),
    ];
  });
}

/** Somebody who asks the same questions again and again, like a page that stays open. */
class Poller implements Worker {
  private next = 0;

  constructor(
    private readonly questions: readonly (() => Promise<void>)[],
    /** In milliseconds. */
    private readonly pause: number,
    private readonly floor: Pick<Floor, 'instances'>,
  ) {}

  async act(): Promise<void> {
    const question = this.questions[this.next % this.questions.length];
    this.next += 1;
    if (question && this.floor.instances().length > 0) await question();
    await delay(this.pause);
  }
}
