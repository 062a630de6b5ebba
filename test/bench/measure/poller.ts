import { connect, type Socket } from 'node:net';

export interface Poll {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Expected status. A response with any other one is a failure. */
  readonly status: number;
}

export interface PollerEvents {
  /** Called with the time of each request. */
  readonly onResponse: (milliseconds: number) => void;
  /** Called at most once. The poller sends nothing after it. */
  readonly onFailure: (error: Error) => void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const NO_BODY = 304;
/** Number of bytes of an unexpected response that an error shows. */
const SHOWN_BYTES = 300;

/**
 * A connection that repeats one request. It sends the next one as soon as the response to the last one is complete.
 *
 * It reads no more of a response than it needs to find the end: on a machine with few cores, a client that costs more than the
 * server would measure itself. Autocannon needs about twice as much time for each response.
 */
export class Poller {
  private readonly socket: Socket;
  private readonly request: Buffer;
  private readonly closed: Promise<void>;
  private begun = 0;
  /** The part of the head that has arrived, while the head is incomplete. */
  private head: Buffer | undefined;
  /** Number of bytes of the body that are still to come. */
  private missing = 0;
  private finishing = false;
  private stopped = false;

  constructor({ url, headers, status }: Poll, { onResponse, onFailure }: PollerEvents) {
    const { hostname, port, pathname, search } = new URL(url);
    const lines = Object.entries({ host: `${hostname}:${port}`, ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    this.request = Buffer.from(`GET ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    const fail = (what: string): void => {
      if (!this.stopped) onFailure(new Error(what));
      this.stop();
    };
    this.socket = connect(Number(port), hostname, () => {
      this.sendOrStop();
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
    });
    this.socket.setNoDelay(true);
    this.socket.on('error', (error) => {
      fail(error.message);
    });
    this.socket.on('close', () => {
      fail('the server has closed the connection');
    });
    this.socket.on('data', (chunk) => {
      const problem = this.receive(chunk, status);
      if (problem !== undefined) fail(problem);
      else if (this.missing === 0 && this.head === undefined && !this.stopped) {
        onResponse(performance.now() - this.begun);
        this.sendOrStop();
      }
    });
  }

  /**
   * Ends the connection when the response to the request in progress is complete. A server still works on abandoned requests,
   * at the expense of whatever is measured next.
   */
  finish(): Promise<void> {
    this.finishing = true;
    return this.closed;
  }

  /** Ends the connection at once. */
  stop(): void {
    this.stopped = true;
    this.socket.destroy();
  }

  private sendOrStop(): void {
    if (this.finishing) {
      this.stop();
      return;
    }
    this.begun = performance.now();
    this.socket.write(this.request);
  }

  /** Reads a part of a response. Returns a description of what is wrong with it, if anything is. */
  private receive(chunk: Buffer, status: number): string | undefined {
    if (this.missing > 0) {
      this.missing -= chunk.length;
      return this.missing < 0 ? 'the response is longer than its content-length' : undefined;
    }
    const received = this.head ? Buffer.concat([this.head, chunk]) : chunk;
    const headEnd = received.indexOf(HEAD_END);
    this.head = headEnd < 0 ? received : undefined;
    if (headEnd < 0) return undefined;

    const head = received.toString('latin1', 0, headEnd);
    const bodyBegin = headEnd + HEAD_END.length;
    const actual = head.slice(9, 12);
    if (Number(actual) !== status) {
      return `the response has the status ${actual}: ${received.toString('utf8', bodyBegin, bodyBegin + SHOWN_BYTES)}`;
    }
    const length = status === NO_BODY ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    this.missing = bodyBegin + length - received.length;
    return this.missing >= 0 ? undefined : 'the response has no content-length, or is longer than that';
  }
}
