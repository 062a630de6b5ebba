import { LoadLeases } from '../read/load-leases.js';
import { VersionStoreUnavailableError } from '../versions/version-store.js';
import type { RedisConnection } from './redis-connection.js';

/** Times in milliseconds. */
export interface RedisLoadLeasesOptions {
  readonly namespace: string;
  /** A process that waits for a lease waits for an entry of its own shape. */
  readonly shape: string;
  readonly leaseLifetime: number;
}

/** The leases of any number of processes: keys that expire in Redis. While Redis is away, every process loads. */
export class RedisLoadLeases extends LoadLeases {
  constructor(
    private readonly connection: RedisConnection,
    private readonly options: RedisLoadLeasesOptions,
  ) {
    super();
  }

  override async acquire(name: string): Promise<boolean> {
    const { leaseLifetime } = this.options;
    return unlessAway(true, () =>
      this.connection.run(
        async (client) => (await client.set(this.key(name), '', { NX: true, PX: leaseLifetime })) !== null,
      ),
    );
  }

  override async release(name: string): Promise<void> {
    await unlessAway(0, () => this.connection.run((client) => client.del(this.key(name))));
  }

  private key(name: string): string {
    const { namespace, shape } = this.options;
    return `${namespace}:lease:${shape}:${name}`;
  }
}

async function unlessAway<T>(otherwise: T, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof VersionStoreUnavailableError) return otherwise;
    throw error;
  }
}
