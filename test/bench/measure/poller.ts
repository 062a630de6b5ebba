import { connect, type Socket } from 'node:net';

export interface Poll {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Any other answer is a failure. */
  readonly status: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const NO_BODY = 304;

/**
 * One connection on which the same request is sent as soon as the one before was answered.
 *
 * It does no more with an answer than to find its end: on a machine with few cores, a client that costs more than the
 * server it measures would measure itself. Autocannon needs about twice as much for each answer.
 */
export class Poller {
  private readonly socket: Socket;
  private readonly request: Buffer;
  private begun = 0;
  /** Of the answer that is being received: what has come of its head, and how many bytes of its body are still to come. */
  private head: Buffer | undefined;
  private missing = 0;
  private stopped = false;

  constructor(
    { url, headers, status }: Poll,
    onAnswer: (milliseconds: number) => void,
    onFailure: (error: Error) => void,
  ) {
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
      this.send();
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
        onAnswer(performance.now() - this.begun);
        this.send();
      }
    });
  }

  stop(): void {
    this.stopped = true;
    this.socket.destroy();
  }

  private send(): void {
    this.begun = performance.now();
    this.socket.write(this.request);
  }

  /** Says what is wrong with an answer, if anything is. */
  private receive(chunk: Buffer, status: number): string | undefined {
    if (this.missing > 0) {
      this.missing -= chunk.length;
      return this.missing < 0 ? 'the answer is longer than it says' : undefined;
    }
    const received = this.head ? Buffer.concat([this.head, chunk]) : chunk;
    const headEnd = received.indexOf(HEAD_END);
    this.head = headEnd < 0 ? received : undefined;
    if (headEnd < 0) return undefined;

    const head = received.toString('latin1', 0, headEnd);
    if (Number(head.slice(9, 12)) !== status) return `answered with ${head.slice(9, 12)}`;
    const length = status === NO_BODY ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    this.missing = headEnd + HEAD_END.length + length - received.length;
    return this.missing >= 0 ? undefined : 'the answer does not say how long it is, or is longer';
  }
}
