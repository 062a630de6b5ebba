import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { EVICTIONS_CHANNEL } from '../backplane/evictions-channel.js';
import { OrderCreated } from '../orders/events/order-created.js';
import { StatusChanged } from '../orders/events/status-changed.js';
import { PostgresNotifications } from '../postgres-notifications/postgres-notifications.js';
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

  @OnEvent(OrderCreated.eventName)
  @OnEvent(StatusChanged.eventName)
  onWrite(): void {
    this.feed.wake();
    this.notifier.notify();
  }
}
