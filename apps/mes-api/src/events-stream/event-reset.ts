import { Injectable } from '@nestjs/common';
import { EventFeed } from './event-feed.js';
import { EventLog } from './event-log.js';
import { EventNotifier } from './event-notifier.js';

/** Tells all who follow the events, through any instance, to fetch everything again. */
@Injectable()
export class EventReset {
  constructor(
    private readonly log: EventLog,
    private readonly feed: EventFeed,
    private readonly notifier: EventNotifier,
  ) {}

  /** Resolves when that is in the log, so that nobody can miss it. */
  async announce(): Promise<void> {
    await this.log.addReset();
    this.feed.wake();
    this.notifier.notify();
  }
}
