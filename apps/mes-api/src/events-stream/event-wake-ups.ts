import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { DATABASE_REPLACED, EVICTIONS_CHANNEL, PostgresNotifications } from '../backplane/postgres-notifications.js';
import { OrderChanged, OrderCreated, StatusChanged } from '../orders/order-events.js';
import { EventFeed } from './event-feed.js';
import { EventNotifier } from './event-notifier.js';

/** Wakes the feed when the log may have new events, from this instance, another one or SQL outside the API. */
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
    // Writes by SQL outside the API.
    notifications.listen(EVICTIONS_CHANNEL, wake);
    notifications.onConnected(() => {
      wake();
      return Promise.resolve();
    });
  }

  /** The feed detects that its position belongs to another state of the database, and resets its clients. */
  @OnEvent(DATABASE_REPLACED)
  onReplacedDatabase(): void {
    this.feed.wake();
  }

  @OnEvent(OrderCreated.eventName)
  @OnEvent(StatusChanged.eventName)
  @OnEvent(OrderChanged.eventName)
  onWrite(): void {
    this.feed.wake();
    this.notifier.notify();
  }
}
