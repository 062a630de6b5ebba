import type { CacheWrite } from '../../../libs/cache/src/write/cache-writer.js';
import { forever } from '../system/host.js';
import type { Instance } from '../system/instance.js';
import {
  CREATED,
  OutcomeUnknownError,
  RolledBackError,
  type OrdersDatabase,
  type Outcome,
} from '../system/orders-database.js';
import { COUNT_TAG, HELD_TAG, NEW_TAG, orderKeyAndTags, orderTag } from '../system/keys-and-tags.js';
import type { Notifications } from '../system/simulated-backplane.js';
import type { Acknowledged } from './acknowledged.js';

/** The point at which a writer dies. */
export type Death = 'after the beginning' | 'after the commit';

export interface Fate {
  readonly outcome: Outcome;
  readonly dies?: Death | undefined;
}

/** A writer that works like the application, and acknowledges a write when the cache has completed it. */
export class Writer {
  constructor(
    private readonly instance: Instance,
    private readonly database: OrdersDatabase,
    private readonly notifications: Notifications,
    private readonly acknowledged: Acknowledged,
  ) {}

  /** Resolves when the write has returned to its caller; never if the writer dies. */
  async write(id: string, version: number, fate: Fate): Promise<void> {
    const { writer, host } = this.instance;
    await host.step(`begins to write version ${version} of ${id}`);
    try {
      await writer.write(version === CREATED ? this.creation(id, fate) : this.move(id, version, fate));
    } catch (error) {
      if (error instanceof RolledBackError || error instanceof OutcomeUnknownError) return;
      throw error;
    }
    await host.survive();
    this.acknowledged.add(id, version);
  }

  private creation(id: string, fate: Fate): CacheWrite<void> {
    const tags = [NEW_TAG, COUNT_TAG];
    const creates = orderTag(id);
    return {
      tags,
      creates,
      transaction: ({ store }) => this.commit(id, CREATED, fate, store === undefined ? [...tags, creates] : []),
      outcome: () => ({ created: [{ keys: [orderKeyAndTags(id).key], value: CREATED }] }),
    };
  }

  private move(id: string, version: number, fate: Fate): CacheWrite<void> {
    const tags = [NEW_TAG, HELD_TAG, orderTag(id)];
    return {
      tags,
      shows: [orderTag(id)],
      transaction: ({ store }) => this.commit(id, version, fate, store === undefined ? tags : []),
    };
  }

  /** @param unrecorded the tags of the write if it has no pending write; the transaction notifies all instances of them */
  private async commit(
    id: string,
    version: number,
    { outcome, dies }: Fate,
    unrecorded: readonly string[],
  ): Promise<void> {
    if (dies === 'after the beginning') await forever();
    await this.database.write(this.instance.host, id, version, outcome, () => {
      if (unrecorded.length > 0) void Promise.all(this.notifications.notify(unrecorded));
    });
    if (dies === 'after the commit') await forever();
  }
}
