import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';

const CHANNEL = 'mes_events';

/**
 * Tells the other instances that there are events. Not in the writer's transaction: PostgreSQL lets those that notify commit
 * one after the other only. What gets lost is found when they look the next time.
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

  /** Calls back when another instance has told so. */
  onOthers(callback: () => void): void {
    this.notifications.listen(CHANNEL, (instance) => {
      if (instance !== this.instance) callback();
    });
  }

  /** Soon, once for all who call this meanwhile; nobody waits for it. */
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
        this.logger.debug(`the other instances were not told of events: ${String(error)}`);
      }
      await delay(this.options.notifyInterval, undefined, { ref: false });
    }
    this.isSending = false;
  }
}
