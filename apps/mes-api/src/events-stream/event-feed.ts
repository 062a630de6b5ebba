import { NextRun } from '@mes/cache';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { DatabaseReplaced } from '../backplane/database-replaced.js';
import { eventOf } from './event-of.js';
import { EventLog } from './event-log.js';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';
import { EvictionBarrier } from './eviction-barrier.js';
import { isComplete, type Position } from './position.js';
import { formatEvent, type ServerSentEvent } from './server-sent-event.js';

/** Is given what all are sent: once made, and shared by them. */
type Subscriber = (messages: Buffer) => void;

/** Reads the log on behalf of all who listen through this instance, and only while there are any. */
@Injectable()
export class EventFeed {
  private readonly logger = new Logger(EventFeed.name);
  private readonly reading = new NextRun<void>();
  private readonly subscribers = new Set<Subscriber>();
  private listeners = 0;
  private poll: NodeJS.Timeout | undefined;
  private reached: Position | undefined;
  private isFailing = false;

  constructor(
    private readonly log: EventLog,
    private readonly barrier: EvictionBarrier,
    @Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions,
  ) {}

  /** What all subscribers have been given. */
  get position(): Position {
    if (!this.reached) throw new Error('the feed has not begun');
    return this.reached;
  }

  /** Somebody listens from now on, until the returned function is called. */
  attach(): () => void {
    this.listeners += 1;
    if (this.listeners === 1) {
      // Nobody needs what came while nobody listened.
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

  /** Reads what is new, if anybody listens, and lets nobody wait for it. */
  @OnEvent(DatabaseReplaced.eventName)
  wake(): void {
    if (this.listeners === 0) return;
    this.advance().then(
      () => (this.isFailing = false),
      (error: unknown) => {
        // It goes on where it was as soon as that is possible.
        if (!this.isFailing) this.logger.warn(`cannot read events: ${String(error)}`);
        this.isFailing = true;
      },
    );
  }

  /** Resolves when all that was committed before this call has been given to the subscribers. */
  advance(): Promise<void> {
    return this.reading.run(() => this.read());
  }

  /** From {@link position} on, until the returned function is called. */
  subscribe(subscriber: Subscriber): () => void {
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  private async read(): Promise<void> {
    if (!this.reached) {
      this.reached = await this.log.now();
      return;
    }
    const ids = await this.log.ids();
    let position = this.reached;
    do {
      const page = await this.log.read(position);
      if (!page) {
        position = await this.log.now();
        await this.barrier.pass([{ type: 'reset', announced: false, at: new Date(), position }]);
        this.publish(position, [{ id: ids.encode(position), event: 'reset', data: {} }]);
        return;
      }
      await this.barrier.pass(page.entries);
      position = page.position;
      this.publish(
        position,
        page.entries.map((entry) => eventOf(entry, ids)),
      );
    } while (!isComplete(position));
  }

  private publish(position: Position, events: readonly ServerSentEvent[]): void {
    this.reached = position;
    if (events.length === 0) return;
    const messages = Buffer.from(events.map(formatEvent).join(''));
    for (const subscriber of this.subscribers) subscriber(messages);
  }
}
