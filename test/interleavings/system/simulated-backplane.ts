import type { Tag } from '../../../libs/cache/src/versions/version-store.js';
import { Backplane } from '../../../libs/cache/src/versions/backplane.js';
import type { Host } from './host.js';

/** An instance that hears of writes. `hear` resolves with false if the instance trusts nothing that is stored. */
export interface Listener {
  readonly host: Host;
  hear(tags: readonly Tag[]): Promise<boolean>;
}

/** Notifications by way of the database. */
export class Notifications {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  /**
   * Tells all instances but the sender, if there is one: a trigger tells all. Each answers whether it has invalidated the
   * tags.
   */
  notify(tags: readonly Tag[], sender?: Host): Promise<boolean>[] {
    return this.listeners
      .filter(({ host }) => host !== sender && host.isAlive)
      .map(async (listener) => {
        await listener.host.step(`hears of ${tags.join(', ')}`);
        return listener.hear(tags);
      });
  }
}

/** A backplane whose writers wait until all other living instances have heard of the write. It admits every store. */
export class SimulatedBackplane extends Backplane {
  readonly mayAnswer = true;
  readonly isMember = true;

  constructor(
    private readonly host: Host,
    private readonly notifications: Notifications,
  ) {
    super();
  }

  override admit(store: string): Promise<string> {
    return Promise.resolve(store);
  }

  override async relay(tags: readonly Tag[]): Promise<void> {
    await this.host.send(`notification of ${tags.join(', ')} arrives`);
    const echoes = this.notifications.notify(tags, this.host);
    await Promise.all(echoes);
    await this.host.step('hears the echoes');
  }
}
