import { EventSourceParserStream } from 'eventsource-parser/stream';
import { API_URL, fetchAs, type Credentials } from '../api/connect';

/** What has happened, as `GET /api/v1/events` tells it. */
export type LiveEvent =
  /** The stream begins or goes on; or something has happened that is not told one by one. What is shown may be out of date. */
  | { readonly type: 'caught-up' }
  | { readonly type: 'order.created'; readonly order: EventOrder }
  | { readonly type: 'order.status-changed'; readonly order: EventOrder };

export interface EventOrder {
  readonly id: string;
  readonly number: number;
  readonly version: number;
  readonly status: string;
  readonly assignee?: string;
  readonly by?: string;
}

/** `live`: events come. `lost`: they did, and are being waited for again. `none`: this caller is given none. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'none';

/** No heartbeat for so long means that nothing comes any more, in milliseconds. */
const SILENCE = 40_000;

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;

export interface LiveListener {
  readonly onEvent: (event: LiveEvent) => void;
  readonly onState: (state: LiveState) => void;
}

/** Listens to the stream of events until it is told to stop; a stream that breaks is resumed where it broke. */
export async function listen(credentials: Credentials, listener: LiveListener, signal: AbortSignal): Promise<void> {
  const position: { lastEventId?: string } = {};
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      const response = await open(credentials, position.lastEventId, signal);
      if (response.status === 403 || response.status === 401) {
        listener.onState('none');
        return;
      }
      if (response.ok && response.body) {
        await follow(response.body, position, {
          ...listener,
          onState: (state) => {
            pause = FIRST_PAUSE;
            listener.onState(state);
          },
        });
      }
    } catch {
      // Whatever it was, the way to find out whether it is over is to connect again.
    }
    if (isAborted(signal)) return;
    listener.onState('lost');
    // Not all pages at the same moment, when an instance has gone.
    await untilLaterOrOnline(pause * (0.5 + Math.random()), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

function open(credentials: Credentials, lastEventId: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers: HeadersInit = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
  return fetchAs(credentials, `${API_URL}/api/v1/events`, { headers, signal, cache: 'no-store' });
}

async function follow(
  body: ReadableStream<Uint8Array>,
  position: { lastEventId?: string },
  { onEvent, onState }: LiveListener,
): Promise<void> {
  let heard = (): void => undefined;
  const parser = new EventSourceParserStream({
    onComment: () => {
      heard();
    },
  });
  const messages = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(parser)
    .getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void messages.cancel(), SILENCE);
  };
  heard();
  try {
    for (;;) {
      const { done, value } = await messages.read();
      if (done) return;
      heard();
      if (value.id !== undefined) position.lastEventId = value.id;
      if (value.event === 'hello') {
        onState('live');
        onEvent({ type: 'caught-up' });
      } else if (value.event === 'reset') {
        onEvent({ type: 'caught-up' });
      } else if (value.event === 'order.created' || value.event === 'order.status-changed') {
        onEvent({ type: value.event, order: JSON.parse(value.data) as EventOrder });
      }
    }
  } finally {
    clearTimeout(timer);
    await messages.cancel().catch(() => undefined);
  }
}

/** A signal may be aborted at any time, which the compiler does not expect. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function untilLaterOrOnline(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}
