import { Reminder } from '@mes/cache';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { eventOf } from './event-of.js';
import { EventLog } from './event-log.js';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';
import { InvalidationBarrier } from './invalidation-barrier.js';
import { encodePosition } from './position-codec.js';
import { isComplete, type Position } from './position.js';
import { formatEvent, type ServerSentEvent } from './server-sent-event.js';
import { shareNext } from './share-next.js';

/** Receives the encoded messages, which all subscribers share. */
type Subscriber = (messages: Buffer) => void;

/** Reads the log of events for all streams of this instance, while there are any. */
@Injectable()
export class EventFeed {
  private readonly logger = new Logger(EventFeed.name);
  private readonly reminder = new Reminder();
  private readonly subscribers = new Set<Subscriber>();
  private listeners = 0;
  private poll: NodeJS.Timeout | undefined;
  private reached: Position | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly barrier: InvalidationBarrier,
    @Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions,
  ) {}

  /** The position up to which all subscribers have received events. */
  get position(): Position {
    if (!this.reached) throw new Error('the feed has not begun');
    return this.reached;
  }

  /** Keeps the feed running until the returned function is called. */
  attach(): () => void {
    this.listeners += 1;
    if (this.listeners === 1) {
      // Events from the time without listeners are not needed.
      this.reached = undefined;
      this.poll = setInterval(() => {
        this.wake();
      }, this.options.pollInterval).unref();
    }
    return () => {
      this.listeners -= 1;
      if (this.listeners === 0) clearInterval(this.poll);
    };
  }

  /** Starts to read new events in the background, if there are listeners. */
  wake(): void {
    if (this.listeners === 0) return;
    this.advance().catch((error: unknown) => {
      // The next read continues at the same position.
      const reason = String(error);
      if (this.reminder.isDue(reason)) this.logger.warn(`cannot read events: ${reason}`);
    });
  }

  /** Waits until the subscribers have received all events committed before this call. */
  readonly advance = shareNext(() => this.read());

  /** Subscribes from {@link position} on, until the returned function is called. */
  subscribe(subscriber: Subscriber): () => void {
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  private async read(): Promise<void> {
    if (!this.reached) {
      this.reached = await this.log.now();
      return;
    }
    let position = this.reached;
    do {
      const page = await this.log.read(position);
      if (!page) {
        position = await this.log.now();
        await this.barrier.pass([{ type: 'reset', announced: false, at: new Date(), position }]);
        this.publish(position, [{ id: encodePosition(position), event: 'reset', data: {} }]);
        return;
      }
      await this.barrier.pass(page.entries);
      position = page.position;
      this.publish(position, page.entries.map(eventOf));
    } while (!isComplete(position));
  }

  private publish(position: Position, events: readonly ServerSentEvent[]): void {
    this.reached = position;
    if (events.length === 0) return;
    const messages = Buffer.from(events.map(formatEvent).join(''));
    for (const subscriber of this.subscribers) subscriber(messages);
  }
}
