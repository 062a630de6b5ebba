import { Readable } from 'node:stream';

/** A resuming client is sent the next page when fewer bytes than this are waiting. */
const LOW_WATER_MARK = 16 * 1024;

/** Time limit for sending the rest of a finished stream, in milliseconds. */
const CLOSING_TIMEOUT = 1_000;

/** The connection of a stream. */
export interface ClientConnection {
  /** Number of bytes that the connection has not yet sent. */
  readonly unsentBytes: () => number;
  /** Waits until the connection accepts more data or has ended. */
  readonly drained: () => Promise<void>;
  readonly disconnect: () => void;
}

/** The stream of one client. A client that reads too slowly is disconnected; it can reconnect and resume. */
export class ClientStream extends Readable {
  private readers: (() => void)[] = [];
  private isFinished = false;

  /** @param maxUnsentBytes clients further behind than this, in bytes, are disconnected */
  constructor(
    private readonly connection: ClientConnection,
    private readonly maxUnsentBytes: number,
  ) {
    super({ highWaterMark: LOW_WATER_MARK });
    this.on('close', () => {
      this.resumeWaiting();
    });
  }

  send(messages: string | Buffer): void {
    if (this.isFinished || this.destroyed) return;
    if (this.readableLength + this.connection.unsentBytes() > this.maxUnsentBytes) this.destroy();
    else this.push(messages);
  }

  /** Ends the stream after the sent messages. A client that does not read these in time is disconnected. */
  finish(): void {
    if (this.isFinished || this.destroyed) return;
    this.isFinished = true;
    this.push(null);
    setTimeout(() => {
      this.connection.disconnect();
    }, CLOSING_TIMEOUT).unref();
  }

  get isOver(): boolean {
    return this.isFinished || this.destroyed;
  }

  /** Waits until the client has read nearly everything, or has disconnected. */
  async drained(): Promise<void> {
    await this.connection.drained();
    while (!this.isOver && this.readableLength >= LOW_WATER_MARK) {
      await new Promise<void>((resolve) => this.readers.push(resolve));
    }
  }

  override _read(): void {
    this.resumeWaiting();
  }

  private resumeWaiting(): void {
    for (const resolve of this.readers.splice(0)) resolve();
  }
}
