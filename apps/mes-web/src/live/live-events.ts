import { EventSourceParserStream } from 'eventsource-parser/stream';
import { API_URL, fetchWithToken, type Credentials } from '../api/connect';

/** An event of the stream `GET /api/v1/events`. */
export type LiveEvent =
  /** The stream starts, resumes, or skips single events. The data on the screen may be out of date. */
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

/** `live`: the stream is open. `lost`: it broke and is being reopened. `none`: the user may not read events. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'none';

/** A stream that is silent for longer than this is broken, in milliseconds. */
const HEARTBEAT_TIMEOUT = 40_000;

/** The pause before the first attempt to reconnect, in milliseconds. It doubles with every further attempt. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;

export interface LiveListener {
  readonly onEvent: (event: LiveEvent) => void;
  readonly onState: (state: LiveState) => void;
}

/** Reads the event stream until `signal` aborts. A broken stream is resumed after the last event received. */
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
      // Every network error is handled in the same way: reconnect after a pause.
    }
    if (isAborted(signal)) return;
    listener.onState('lost');
    // Random, so that not all pages reconnect at the same moment when an instance stops.
    await untilLaterOrOnline(pause * (0.5 + Math.random()), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

function open(credentials: Credentials, lastEventId: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers: HeadersInit = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
  return fetchWithToken(credentials, `${API_URL}/api/v1/events`, { headers, signal, cache: 'no-store' });
}

async function follow(
  body: ReadableStream<Uint8Array>,
  position: { lastEventId?: string },
  { onEvent, onState }: LiveListener,
): Promise<void> {
  let onActivity = (): void => undefined;
  const parser = new EventSourceParserStream({
    onComment: () => {
      onActivity();
    },
  });
  const messages = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(parser)
    .getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  onActivity = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void messages.cancel(), HEARTBEAT_TIMEOUT);
  };
  onActivity();
  try {
    for (;;) {
      const { done, value } = await messages.read();
      if (done) return;
      onActivity();
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

/** Reads the flag by a call: the compiler takes a direct read for unchanged since the loop condition. */
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
