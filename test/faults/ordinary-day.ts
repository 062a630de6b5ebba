import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../apps/mes-api/src/commands/sample/random.js';
import type { System } from '../consistency/system/system.js';
import { Client, type Floor, type Habits } from '../consistency/workload/client.js';
import { LISTS } from '../consistency/workload/lists.js';
import type { Worker } from '../consistency/workload/load.js';

/** The number of polled lists: the first ones of `LISTS`, which have the greatest weights. */
const HOT_LISTS = 4;
const HOT_PAUSE_MS = 15;
const CALM_PAUSE_MS = 15;
const LONGEST_PAUSE_OF_WRITERS_MS = 1_500;
const WRITER: Habits = {
  pause: LONGEST_PAUSE_OF_WRITERS_MS,
  actions: [
    ['create', 3],
    ['move', 5],
    ['move several', 1],
    ['edit', 1],
  ],
};

export interface DayPlan {
  /** The prefix of client names. Use it once per database. */
  readonly name: string;
  readonly seed: string;
  /** The ids of orders that no client changes. */
  readonly calm: readonly string[];
}

/**
 * The clients of each instance on an ordinary day. One client polls the hot lists, the counts and a total, one polls orders that no
 * client changes, and one writes now and then. Without a fault, nearly all polled responses are hits.
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
      () => hot.total({ statuses: ['NEW'] }),
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

/** A client that repeats the same requests, like an open page. */
class Poller implements Worker {
  private next = 0;

  constructor(
    private readonly questions: readonly (() => Promise<void>)[],
    /** The pause between two requests, in milliseconds. */
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
