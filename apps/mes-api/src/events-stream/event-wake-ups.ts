import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { DATABASE_REPLACED, EVICTIONS_CHANNEL, PostgresNotifications } from '../backplane/postgres-notifications.js';
import { OrderCreated, StatusChanged } from '../orders/order-events.js';
import { EventFeed } from './event-feed.js';
import { EventNotifier } from './event-notifier.js';

/** Has the log read as soon as there may be something new in it, through whomever it came. */
@Injectable()
export class EventWakeUps {
  constructor(
    private readonly feed: EventFeed,
    private readonly notifier: EventNotifier,
    notifications: PostgresNotifications,
  ) {
    const wake = (): void => {
      feed.wake();
    };
    notifier.onOthers(wake);
    // Of writes behind the API's back.
    notifications.listen(EVICTIONS_CHANNEL, wake);
    notifications.onConnected(() => {
      wake();
      return Promise.resolve();
    });
  }

  /** What was read before says nothing of another database: the feed finds that out. */
  @OnEvent(DATABASE_REPLACED)
  onReplacedDatabase(): void {
    this.feed.wake();
  }

  @OnEvent(OrderCreated.eventName)
  @OnEvent(StatusChanged.eventName)
  onWrite(): void {
    this.feed.wake();
    this.notifier.notify();
  }
}
