import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { eventually } from './eventually.js';
import type { OrdersApi } from './orders-api.js';

export interface ReceivedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

export interface EventStreamOptions {
  readonly token?: string;
  readonly lastEventId?: string | undefined;
  /** The certificate of a server with TLS, in PEM. */
  readonly certificate?: string;
}

/** A client of the live events, which parses the stream as in the HTML standard. It can also connect without reading. */
export class EventStream {
  /** All events so far, including the first one, `hello`. */
  readonly events: ReceivedEvent[] = [];
  comments = 0;
  /** The id to reconnect with. */
  lastEventId: string;
  isClosed = false;
  /** A listener that is called for each event on its arrival. */
  onEvent: (event: ReceivedEvent) => void = () => undefined;
  private unread = '';

  private constructor(
    private readonly request: ClientRequest,
    readonly response: IncomingMessage,
    lastEventId: string,
  ) {
    this.lastEventId = lastEventId;
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    response.on('close', () => (this.isClosed = true));
  }

  /** Connects, and reads until the first event or the end of the stream. */
  static async open(url: string, options: EventStreamOptions = {}): Promise<EventStream> {
    const stream = await EventStream.connect(url, options);
    stream.read();
    await eventually(() => stream.events.length > 0 || stream.isClosed);
    return stream;
  }

  /** Connects without reading. */
  static connect(url: string, { token, lastEventId, certificate }: EventStreamOptions): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const open = certificate === undefined ? httpRequest : httpsRequest;
      const request = open(`${url}/api/v1/events`, {
        agent: false,
        ca: certificate,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
        },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        resolve(new EventStream(request, response, lastEventId ?? ''));
      });
      request.end();
    });
  }

  read(): void {
    this.response.on('data', (text: string) => {
      const messages = (this.unread + text).split('\n\n');
      this.unread = messages.pop() ?? '';
      for (const message of messages) this.take(message);
    });
  }

  /** The events after `hello`. */
  get news(): readonly ReceivedEvent[] {
    return this.events.slice(1);
  }

  drop(): void {
    this.request.destroy();
  }

  private take(message: string): void {
    const fields = message
      .split('\n')
      .map((line): [string, string] => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*: ?/, '')]);
    const { id, event, data } = Object.fromEntries(fields) as Record<string, string | undefined>;
    if (fields.some(([name]) => name === '')) this.comments += 1;
    if (id !== undefined) this.lastEventId = id;
    if (event === undefined || data === undefined) return;
    const received = { id: id ?? '', event, data: JSON.parse(data) as Record<string, unknown> };
    this.events.push(received);
    this.onEvent(received);
  }
}

/** The number of open streams of live events, from the instance's metrics. */
export async function openStreams(api: OrdersApi): Promise<number> {
  const { body } = await api.call<string>('/metrics');
  return Number(/^mes_event_streams (\d+)$/m.exec(body)?.[1]);
}
