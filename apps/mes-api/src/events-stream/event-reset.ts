import { Injectable } from '@nestjs/common';
import { EventFeed } from './event-feed.js';
import { EventLog } from './event-log.js';
import { EventNotifier } from './event-notifier.js';

/** Sends a reset to the clients of all instances, which then fetch everything again. */
@Injectable()
export class EventReset {
  constructor(
    private readonly log: EventLog,
    private readonly feed: EventFeed,
    private readonly notifier: EventNotifier,
  ) {}

  /** Waits until the reset is in the log, so that no client can miss it. */
  async announce(): Promise<void> {
    await this.log.addReset();
    this.feed.wake();
    this.notifier.notify();
  }
}
