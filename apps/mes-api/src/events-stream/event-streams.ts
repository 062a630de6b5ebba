import { Reminder } from '@mes/cache';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { Drain } from '../shutdown/drain.js';
import { ClientStream, type ClientConnection } from './client-stream.js';
import { EventFeed } from './event-feed.js';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';
import { InvalidationBarrier } from './invalidation-barrier.js';
import { encodePosition } from './position-codec.js';
import type { Position } from './position.js';
import { Resumption } from './resumption.js';
import { formatEvent } from './server-sent-event.js';
import { StreamAdmission } from './stream-admission.js';

/** Longest delay of a timer in Node, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1;

interface OpenStream {
  /** Whether the stream has reached the position of the feed. */
  isLive: boolean;
}

/** The open streams of this instance, from the first message to the end. */
@Injectable()
export class EventStreams implements OnModuleDestroy {
  private readonly logger = new Logger(EventStreams.name);
  private readonly reminder = new Reminder();
  private readonly open = new Map<ClientStream, OpenStream>();
  private heartbeat: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly admission: StreamAdmission,
    private readonly feed: EventFeed,
    private readonly barrier: InvalidationBarrier,
    private readonly resumption: Resumption,
    @Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions,
    drain: Drain,
  ) {
    // Open streams would delay the shutdown, and their clients can resume at another instance.
    drain.signal.addEventListener('abort', () => {
      this.closeAll();
    });
  }

  onModuleDestroy(): void {
    this.closeAll();
  }

  get count(): number {
    return this.open.size;
  }

  /**
   * Opens a stream for a caller, from `lastEventId` on if it can be resumed, or else from now on.
   *
   * @throws {Problem} 429 if the caller has too many streams
   */
  async begin(caller: Caller, lastEventId: string | undefined, connection: ClientConnection): Promise<ClientStream> {
    const leave = this.admission.admit(caller.subject);
    const detach = this.feed.attach();
    try {
      await this.feed.advance();
      const resumed = lastEventId === undefined ? undefined : await this.resumption.positionOf(lastEventId);
      const { position } = this.feed;
      if (!resumed) await this.barrier.passAll();

      const { maxUnsentBytes, reconnectDelay: retry, heartbeatInterval } = this.options;
      const stream = new ClientStream(connection, maxUnsentBytes);
      const isReset = lastEventId !== undefined && !resumed;
      const current = encodePosition(position);
      // Without an id: a client that loses the connection between hello and reset must get the reset after it reconnects.
      const id = isReset ? undefined : resumed ? encodePosition(resumed) : current;
      stream.send(formatEvent({ retry, id, event: 'hello', data: { heartbeatInterval } }));
      if (isReset) stream.send(formatEvent({ id: current, event: 'reset', data: {} }));
      this.keep(stream, caller.expiresAt, () => {
        detach();
        leave();
      });
      void this.follow(stream, resumed ?? position);
      return stream;
    } catch (error) {
      detach();
      leave();
      throw error;
    }
  }

  private keep(stream: ClientStream, expiresAt: number, release: () => void): void {
    this.open.set(stream, { isLive: false });
    this.heartbeat ??= setInterval(() => {
      this.beat();
    }, this.options.heartbeatInterval).unref();
    const expiry = setTimeout(
      () => {
        stream.finish();
      },
      Math.min(expiresAt - Date.now(), MAX_DELAY),
    ).unref();
    stream.on('error', () => undefined);
    stream.on('close', () => {
      clearTimeout(expiry);
      this.open.delete(stream);
      if (this.open.size === 0) {
        clearInterval(this.heartbeat);
        this.heartbeat = undefined;
      }
      release();
    });
    if (this.isClosed) stream.finish();
  }

  private async follow(stream: ClientStream, from: Position): Promise<void> {
    try {
      const unsubscribe = await this.resumption.follow(stream, from);
      const state = this.open.get(stream);
      if (!unsubscribe) return;
      if (!state || stream.destroyed) {
        unsubscribe();
        return;
      }
      state.isLive = true;
      stream.on('close', unsubscribe);
    } catch (error) {
      // The client reconnects and resumes.
      const reason = String(error);
      if (this.reminder.isDue(reason)) this.logger.warn(`cannot send missed events to a client: ${reason}`);
      stream.finish();
    }
  }

  /** Sends the current id without an event, so that a client can resume after a quiet hour. */
  private beat(): void {
    const live = Buffer.from(`:\nid: ${encodePosition(this.feed.position)}\n\n`);
    for (const [stream, { isLive }] of this.open) stream.send(isLive ? live : ':\n\n');
  }

  private closeAll(): void {
    this.isClosed = true;
    for (const stream of this.open.keys()) stream.finish();
  }
}
