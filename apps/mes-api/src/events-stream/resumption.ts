import { Injectable } from '@nestjs/common';
import pLimit from 'p-limit';
import type { ClientStream } from './client-stream.js';
import { EventFeed } from './event-feed.js';
import { EventLog } from './event-log.js';
import { eventOf } from './event-of.js';
import { EvictionBarrier } from './eviction-barrier.js';
import { decodePosition, encodePosition } from './position-codec.js';
import { isComplete, isSame, type Position } from './position.js';
import { formatEvent } from './server-sent-event.js';
import { isLater } from './snapshot.js';

/** When an instance ends, all its clients come to another one at once; they must not take all connections to the database. */
const MAX_READS = 2;

/** Brings clients that come again from where they were to where the feed is. */
@Injectable()
export class Resumption {
  private readonly limit = pLimit(MAX_READS);

  constructor(
    private readonly log: EventLog,
    private readonly feed: EventFeed,
    private readonly barrier: EvictionBarrier,
  ) {}

  /** The position that an id stands for, if whoever has it can be told of each event since. */
  async positionOf(id: string): Promise<Position | undefined> {
    const position = decodePosition(id);
    const { state, batch: until } = this.feed.position;
    if (position?.state !== state || isLater(position.batch, until)) return undefined;
    return (await this.limit(() => this.log.canResume(position, until))) ? position : undefined;
  }

  /**
   * Sends what came after a position, a page at a time as the client takes it, and then what the feed gives.
   *
   * @returns ends that; nothing if the client has gone meanwhile
   */
  async follow(stream: ClientStream, from: Position): Promise<(() => void) | undefined> {
    let position = from;
    for (;;) {
      await stream.taken();
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
      // What the feed gives while the last page is read comes after it.
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
