import type { Tag } from '../../../libs/cache/src/versions/version-store.js';
import { Backplane } from '../../../libs/cache/src/versions/backplane.js';
import type { Host } from './host.js';

/** An instance that receives notifications. `hear` resolves with false if the instance trusts no version store. */
export interface Listener {
  readonly host: Host;
  hear(tags: readonly Tag[]): Promise<boolean>;
}

/** Notifications through the database. */
export class Notifications {
  private readonly listeners: Listener[] = [];

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  /**
   * Notifies all instances except the sender. A trigger has no sender, and notifies all. Each instance reports whether it has
   * invalidated the tags.
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

/** A backplane whose writers wait until all other living instances have handled the notification. It admits every store. */
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
