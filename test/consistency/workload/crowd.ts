import { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import { Client, type Floor } from './client.js';

export interface CrowdPlan {
  /** The prefix of client names and marks. Use it once per database. */
  readonly name: string;
  readonly clients: number;
  readonly seed: string;
}

/** The longest pause of every second client, in milliseconds; the others do not pause. */
const LITTLE_PAUSE = 20;

/** Clients that read and write through all instances, as fast as responses arrive. */
export function crowd({ name, clients, seed }: CrowdPlan, floor: Floor): Client[] {
  return Array.from({ length: clients }, (_, i) => {
    const random = new Random(`${seed} ${name} ${i}`);
    return new Client(`${name}-${i}`, floor, random, { pause: i % 2 === 0 ? 0 : LITTLE_PAUSE });
  });
}
