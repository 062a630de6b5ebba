import { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import { Client, type Floor } from './client.js';

/** How much is going on. */
export interface CrowdPlan {
  /** Of the names of clients, and so of everything that they write: never used twice on the same database. */
  readonly name: string;
  readonly clients: number;
  readonly seed: string;
}

/** The longest pause of every second client, in milliseconds; the others make none. */
const LITTLE_PAUSE = 20;

/** Clients who read and write everything through any instance, as fast as they are answered. */
export function crowd({ name, clients, seed }: CrowdPlan, floor: Floor): Client[] {
  return Array.from({ length: clients }, (_, i) => {
    const random = new Random(`${seed} ${name} ${i}`);
    return new Client(`${name}-${i}`, floor, random, { pause: i % 2 === 0 ? 0 : LITTLE_PAUSE });
  });
}
