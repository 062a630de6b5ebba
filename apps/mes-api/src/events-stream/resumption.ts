import { Injectable } from '@nestjs/common';
import pLimit from 'p-limit';
import type { ClientStream } from './client-stream.js';
import { EventFeed } from './event-feed.js';
import { EventLog } from './event-log.js';
import { eventOf } from './event-of.js';
import { InvalidationBarrier } from './invalidation-barrier.js';
import { decodePosition, encodePosition } from './position-codec.js';
import { isComplete, isSame, type Position } from './position.js';
import { formatEvent } from './server-sent-event.js';
import { isLater } from './snapshot.js';

/** Limit of concurrent reads: when an instance stops, all its clients reconnect at once and must leave database connections free. */
const MAX_READS = 2;

/** Resumes the streams of clients: sends the missed events up to the position of the feed. */
@Injectable()
export class Resumption {
  private readonly limit = pLimit(MAX_READS);

  constructor(
    private readonly log: EventLog,
    private readonly feed: EventFeed,
    private readonly barrier: InvalidationBarrier,
  ) {}

  /** The position of an id, if all events after it can still be sent. */
  async positionOf(id: string): Promise<Position | undefined> {
    const position = decodePosition(id);
    const { state, batch: until } = this.feed.position;
    if (position?.state !== state || isLater(position.batch, until)) return undefined;
    return (await this.limit(() => this.log.canResume(position, until))) ? position : undefined;
  }

  /**
   * Sends the events after a position page by page, as fast as the client reads, and then the events of the feed.
   *
   * @returns a function that unsubscribes from the feed; undefined if the client has disconnected
   */
  async follow(stream: ClientStream, from: Position): Promise<(() => void) | undefined> {
    let position = from;
    for (;;) {
      await stream.drained();
      if (stream.isOver) return undefined;

      const target = this.feed.position;
      if (!isComplete(target)) {
        await this.feed.advance();
        continue;
      }
      if (isSame(position, target)) {
        return this.feed.subscribe((messages) => {
          stream.send(messages);
        });
      }
      // Events of the feed during the read of the last page are held back until the page is sent.
      const held: Buffer[] = [];
      let hold: Buffer[] | undefined = held;
      const unsubscribe = this.feed.subscribe((messages) => {
        if (hold) hold.push(messages);
        else stream.send(messages);
      });
      try {
        position = await this.sendPage(stream, position, target);
        if (!isSame(position, target)) {
          unsubscribe();
          continue;
        }
        for (const messages of held) stream.send(messages);
        hold = undefined;
        return unsubscribe;
      } catch (error) {
        unsubscribe();
        throw error;
      }
    }
  }

  private async sendPage(stream: ClientStream, position: Position, target: Position): Promise<Position> {
    const page = await this.limit(() => this.log.read(position, target.before));
    if (!page) {
      stream.send(formatEvent({ id: encodePosition(target), event: 'reset', data: {} }));
      return target;
    }
    await this.barrier.pass(page.entries);
    stream.send(page.entries.map((entry) => formatEvent(eventOf(entry))).join(''));
    return page.position;
  }
}
