import { toCachedResponse } from '../../../libs/cache/src/entries/to-cached-response.js';
import { forever } from '../system/host.js';
import type { Instance } from '../system/instance.js';
import {
  CREATED,
  OutcomeUnknownError,
  RolledBackError,
  type OrdersDatabase,
  type Outcome,
} from '../system/orders-database.js';
import { COUNT_TAG, HELD_TAG, NEW_TAG, orderQuestion, orderTag } from '../system/questions.js';
import type { Notifications } from '../system/simulated-backplane.js';
import type { Acknowledged } from './acknowledged.js';

/** Where a writer stops for good. */
export type Death = 'after the announcement' | 'after the commit';

export interface Fate {
  readonly outcome: Outcome;
  readonly dies?: Death | undefined;
}

/** Writes as the application does: announces, commits, finishes, and only then acknowledges. */
export class Writer {
  constructor(
    private readonly instance: Instance,
    private readonly database: OrdersDatabase,
    private readonly notifications: Notifications,
    private readonly acknowledged: Acknowledged,
  ) {}

  /** Resolves when the caller has got an answer; never if the writer dies. */
  async write(id: string, version: number, { outcome, dies }: Fate): Promise<void> {
    const { writes, host } = this.instance;
    const tag = orderTag(id);
    const isCreation = version === CREATED;
    const pendingWrite = isCreation
      ? { id: `create ${id}`, tags: [NEW_TAG, COUNT_TAG], made: [tag] }
      : { id: `move ${id} to ${version}`, tags: [NEW_TAG, HELD_TAG, tag] };
    await host.step(`announces ${pendingWrite.id}`);
    const { store, observed } = await writes.begin(pendingWrite, isCreation ? [tag] : []);
    const isAnnounced = store !== undefined;
    if (dies === 'after the announcement') await forever();
    try {
      await this.database.write(host, id, version, outcome, () => {
        // Whom the versionStore could not be told of a write, the transaction itself tells the others of.
        if (!isAnnounced) void Promise.all(this.notifications.notify(host, [...pendingWrite.tags, tag]));
      });
    } catch (error) {
      if (error instanceof RolledBackError) await writes.abort(pendingWrite.id);
      else if (error instanceof OutcomeUnknownError) await writes.invalidate(pendingWrite.tags);
      else throw error;
      return;
    }
    if (dies === 'after the commit') await forever();
    const made = { tag, keys: [orderQuestion(id).key], answer: toCachedResponse(CREATED), observed };
    await writes.finish({
      writeId: pendingWrite.id,
      changed: pendingWrite.tags,
      ...(isCreation ? { made } : {}),
      isAnnounced,
    });
    await host.survive();
    this.acknowledged.add(id, version);
  }
}
