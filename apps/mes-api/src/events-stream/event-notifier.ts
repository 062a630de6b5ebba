import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';

const CHANNEL = 'mes_events';

/**
 * Notifies the other instances of new events. It does not do so in the transaction of the write, because PostgreSQL serialises
 * the commits of notifying transactions. If a notification is lost, the instances find the event at their next poll.
 */
@Injectable()
export class EventNotifier {
  private readonly logger = new Logger(EventNotifier.name);
  private readonly instance = randomUUID();
  private isWanted = false;
  private isSending = false;

  constructor(
    private readonly notifications: PostgresNotifications,
    @Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions,
  ) {}

  /** Calls back when another instance has notified. */
  onOthers(callback: () => void): void {
    this.notifications.listen(CHANNEL, (instance) => {
      if (instance !== this.instance) callback();
    });
  }

  /** Notifies in the background. Calls within a short time share one notification. */
  notify(): void {
    this.isWanted = true;
    if (!this.isSending) void this.send();
  }

  private async send(): Promise<void> {
    this.isSending = true;
    while (this.isWanted) {
      this.isWanted = false;
      try {
        await this.notifications.notify(CHANNEL, this.instance);
      } catch (error) {
        this.logger.debug(`cannot notify the other instances of events: ${String(error)}`);
      }
      await delay(this.options.notifyInterval, undefined, { ref: false });
    }
    this.isSending = false;
  }
}
