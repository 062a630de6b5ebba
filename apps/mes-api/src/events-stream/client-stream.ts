import { Readable } from 'node:stream';

/** How many bytes wait here at most before more is made for a client that catches up. */
const FEW_BYTES = 16 * 1024;

/** How long a client may take for what it was sent before the end, in milliseconds. */
const CLOSING_PATIENCE = 1_000;

/** What the stream is sent over. */
export interface ClientConnection {
  /** How many bytes wait behind the stream. */
  readonly unsentBytes: () => number;
  /** Resolves when few bytes wait behind the stream, or the connection has ended. */
  readonly drained: () => Promise<void>;
  readonly cutOff: () => void;
}

/** What one client is sent. Whoever reads more slowly than events come is cut off, and may come again and go on. */
export class ClientStream extends Readable {
  private wanted: (() => void)[] = [];
  private isFinished = false;

  /** @param maxUnsentBytes whoever has not taken more than that when there is more to send is cut off */
  constructor(
    private readonly connection: ClientConnection,
    private readonly maxUnsentBytes: number,
  ) {
    super({ highWaterMark: FEW_BYTES });
    this.on('close', () => {
      this.whenWanted();
    });
  }

  send(messages: string | Buffer): void {
    if (this.isFinished || this.destroyed) return;
    if (this.readableLength + this.connection.unsentBytes() > this.maxUnsentBytes) this.destroy();
    else this.push(messages);
  }

  /** Ends it after what was sent; whoever does not take that is cut off. */
  finish(): void {
    if (this.isFinished || this.destroyed) return;
    this.isFinished = true;
    this.push(null);
    setTimeout(() => {
      this.connection.cutOff();
    }, CLOSING_PATIENCE).unref();
  }

  get isOver(): boolean {
    return this.isFinished || this.destroyed;
  }

  /** Resolves when the client has taken nearly all that was sent, or is gone. */
  async taken(): Promise<void> {
    await this.connection.drained();
    while (!this.isOver && this.readableLength >= FEW_BYTES) {
      await new Promise<void>((resolve) => this.wanted.push(resolve));
    }
  }

  override _read(): void {
    this.whenWanted();
  }

  private whenWanted(): void {
    for (const resolve of this.wanted.splice(0)) resolve();
  }
}
