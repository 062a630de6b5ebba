import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { Drain } from '../shutdown/drain.js';
import { ClientStream, type ClientConnection } from './client-stream.js';
import { EventFeed } from './event-feed.js';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';
import { EvictionBarrier } from './eviction-barrier.js';
import { encodePosition } from './position-codec.js';
import type { Position } from './position.js';
import { Resumption } from './resumption.js';
import { formatEvent } from './server-sent-event.js';
import { StreamAdmission } from './stream-admission.js';

/** What timers of Node can wait. */
const MAX_DELAY = 2 ** 31 - 1;

interface OpenStream {
  /** Whether it has been sent all that the feed has given. */
  isLive: boolean;
}

/** All streams that are open through this instance, from their first message to their end. */
@Injectable()
export class EventStreams implements OnModuleDestroy {
  private readonly logger = new Logger(EventStreams.name);
  private readonly open = new Map<ClientStream, OpenStream>();
  private heartbeat: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly admission: StreamAdmission,
    private readonly feed: EventFeed,
    private readonly barrier: EvictionBarrier,
    private readonly resumption: Resumption,
    @Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions,
    drain: Drain,
  ) {
    // They would hold up the end, and their clients are better served elsewhere.
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
   * Begins to tell a caller what happens: from where `lastEventId` was sent, if that can be told, or from now.
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

      const { maxUnsentBytes, reconnectDelay: retry } = this.options;
      const stream = new ClientStream(connection, maxUnsentBytes);
      const isReset = lastEventId !== undefined && !resumed;
      const current = encodePosition(position);
      // Whoever is cut off between hello and reset must be told to reset the next time.
      const id = isReset ? undefined : resumed ? encodePosition(resumed) : current;
      stream.send(formatEvent({ retry, id, event: 'hello', data: {} }));
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
      // The client comes again, with what it has.
      this.logger.warn(`a client could not be told what it had missed: ${String(error)}`);
      stream.finish();
    }
  }

  /** An id without an event moves the client on: after a quiet hour, it has still missed nothing. */
  private beat(): void {
    const live = Buffer.from(`:\nid: ${encodePosition(this.feed.position)}\n\n`);
    for (const [stream, { isLive }] of this.open) stream.send(isLive ? live : ':\n\n');
  }

  private closeAll(): void {
    this.isClosed = true;
    for (const stream of this.open.keys()) stream.finish();
  }
}
