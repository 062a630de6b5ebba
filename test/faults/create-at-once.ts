import { randomUUID } from 'node:crypto';
import { Random } from '../../apps/mes-api/src/commands/sample/random.js';
import type { ApiInstance } from '../consistency/system/api-instance.js';
import type { System } from '../consistency/system/system.js';
import { Client } from '../consistency/workload/client.js';
import { Instance } from '../consistency/workload/instance.js';

/** Creates orders at the same time, each by its own client, all through one instance. */
export async function createAtOnce({ floor }: System, instance: ApiInstance, orders: number): Promise<void> {
  const name = `at-once-${randomUUID()}`;
  // Each client has its own connection.
  const own = new Instance(instance.name, instance.client.url, orders);
  const here = { ...floor, instances: () => [own] };
  const clients = Array.from(
    { length: orders },
    (_, i) => new Client(`${name}-${i}`, here, new Random(`${name} ${i}`), { pause: 0 }),
  );
  try {
    await Promise.all(clients.map((client) => client.create()));
  } finally {
    await own.close();
  }
}
