import { Readable } from 'node:stream';

/** How long a client may take for what it was sent before the end, in milliseconds. */
const CLOSING_PATIENCE = 1_000;

/** What the stream is sent over. */
export interface ClientConnection {
  /** How many bytes wait behind the stream. */
  readonly unsentBytes: () => number;
  readonly cutOff: () => void;
}

/** What one client is sent. Whoever reads more slowly than events come is cut off, and may come again and go on. */
export class ClientStream extends Readable {
  private wanted: (() => void)[] = [];
  private isFinished = false;

  /** @param maxUnsentBytes how many bytes may wait for the client before it is cut off */
  constructor(
    private readonly connection: ClientConnection,
    private readonly maxUnsentBytes: number,
  ) {
    super();
    this.on('close', () => {
      this.whenWanted();
    });
  }

  send(messages: string | Buffer): void {
    if (this.isFinished || this.destroyed) return;
    this.push(messages);
    if (this.readableLength + this.connection.unsentBytes() > this.maxUnsentBytes) this.destroy();
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
    while (!this.isOver && this.readableLength >= this.readableHighWaterMark) {
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
