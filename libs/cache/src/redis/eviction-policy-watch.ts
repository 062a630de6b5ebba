import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Reminder } from '../flow/reminder.js';
import type { StoreProblem } from '../versions/store-problem.js';
import { StoreWatch } from '../versions/store-watch.js';
import { VersionStoreUnavailableError } from '../versions/version-store.js';
import { RedisConnection } from './redis-connection.js';

/** How often to ask Redis for its policy, in milliseconds. */
const LOOK_INTERVAL = 1_000;

/**
 * Looks whether Redis may evict pending writes, which have no time to live. If one is lost and its writer dies between commit and
 * invalidation, a cached response stays stale. Only a policy `allkeys-…` does that.
 *
 * INFO tells the policy without a right to CONFIG. A Redis that does not tell it is not judged.
 */
@Injectable()
export class EvictionPolicyWatch extends StoreWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EvictionPolicyWatch.name);
  private readonly reminder = new Reminder();
  private found: StoreProblem | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(RedisConnection) private readonly connection: RedisConnection | null) {
    super();
  }

  /** Set if the last Redis that was asked may evict pending writes. */
  override get problem(): StoreProblem | undefined {
    return this.found;
  }

  onApplicationBootstrap(): void {
    const { connection } = this;
    if (connection) this.timer = setInterval(() => void this.look(connection), LOOK_INTERVAL).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async look(connection: RedisConnection): Promise<void> {
    if (!connection.available) return;
    try {
      this.judge(await connection.run('other', (client) => client.info('memory')));
    } catch (error) {
      // Without Redis, its last answer counts.
      if (!(error instanceof VersionStoreUnavailableError)) throw error;
    }
  }

  private judge(info: string): void {
    const policy = /^maxmemory_policy:(allkeys-\S+)/m.exec(info)?.[1];
    this.found = policy === undefined ? undefined : evicting(policy);
    if (this.found && this.reminder.isDue(policy ?? ''))
      this.logger.warn(`Redis may lose pending writes: ${this.found.message}`);
  }
}

function evicting(policy: string): StoreProblem {
  return {
    kind: 'eviction-policy',
    message: `maxmemory-policy is ${policy}, so a response could stay stale after a crash of an instance: set it to volatile-lru`,
  };
}
