import { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import { Client, type Floor } from './client.js';

/** How much is going on. */
export interface LoadPlan {
  /** Of the names of clients, and so of everything that they write: never used twice on the same database. */
  readonly name: string;
  readonly clients: number;
  readonly seed: string;
}

/** The longest pause of every second client, in milliseconds; the others make none. */
const LITTLE_PAUSE = 20;

/** Clients at work, until they are told to stop. */
export class Load {
  private stopped = false;
  private readonly working: Promise<void>;

  constructor({ name, clients, seed }: LoadPlan, floor: Floor) {
    const all = Array.from({ length: clients }, (_, i) => {
      const random = new Random(`${seed} ${name} ${i}`);
      return new Client(`${name}-${i}`, floor, random, { pause: i % 2 === 0 ? 0 : LITTLE_PAUSE });
    });
    this.working = Promise.all(all.map((client) => this.work(client))).then(() => undefined);
    // Whoever waits for them hears of it.
    this.working.catch(() => undefined);
  }

  /** Resolves when everybody has done what they were doing. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  private async work(client: Client): Promise<void> {
    try {
      while (!this.stopped) await client.act();
    } finally {
      this.stopped = true;
    }
  }
}
