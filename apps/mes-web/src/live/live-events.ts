import { EventSourceParserStream } from 'eventsource-parser/stream';
import { API_URL, openStream, type Credentials } from '../api/connect';

/** An event of the stream `GET /api/v1/events`. */
export type LiveEvent =
  /** The stream starts, resumes, or skips single events. The data on the screen may be out of date. */
  | { readonly type: 'caught-up' }
  | { readonly type: 'order.created'; readonly order: EventOrder }
  | { readonly type: 'order.changed'; readonly order: EventOrder }
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
export type StreamState = 'connecting' | 'live' | 'lost' | 'none';

/** What a stream says of itself, at every event, heartbeat and attempt to connect. */
export interface Report {
  readonly state: StreamState;
  readonly event?: LiveEvent;
  /** The id to resume the stream with. */
  readonly lastEventId?: string;
  /** The next report follows within this time, in milliseconds. Otherwise the stream is dead. */
  readonly goodFor: number;
}

/** The time between two heartbeats until the API has said it, in milliseconds. */
const HEARTBEAT_INTERVAL = 10_000;

/** The heartbeat intervals for which a live stream may be silent. Less than two, so that its loss is noticed within two. */
const SILENT_INTERVALS = 1.75;

/** A report before the stream is open. An attempt to connect ends earlier than this. */
export const SILENCE_LIMIT = SILENT_INTERVALS * HEARTBEAT_INTERVAL;

/** The pause before the first attempt to reconnect, in milliseconds. It doubles with every further attempt. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;

/**
 * Reads the event stream until `signal` aborts. A broken stream is resumed after the last event received.
 *
 * It does not notice a stream that falls silent: whoever receives the reports does.
 */
export async function listen(
  credentials: Credentials,
  resumeAfter: string | undefined,
  onReport: (report: Report) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId = resumeAfter;
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      const response = await open(credentials, lastEventId, signal);
      if (response.status === 403) {
        onReport({ state: 'none', goodFor: Infinity });
        return;
      }
      if (response.ok && response.body) {
        await follow(response.body, (report) => {
          pause = FIRST_PAUSE;
          lastEventId = report.lastEventId ?? lastEventId;
          onReport(report);
        });
      }
    } catch {
      // Every network error is handled in the same way: reconnect after a pause.
    }
    if (isAborted(signal)) return;
    onReport({ state: 'lost', goodFor: SILENCE_LIMIT });
    // Random, so that not all pages reconnect at the same moment when an instance stops.
    await untilLaterOrOnline(pause * (0.5 + Math.random()), signal);
    if (isAborted(signal)) return;
    onReport({ state: 'lost', goodFor: SILENCE_LIMIT });
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

function open(credentials: Credentials, lastEventId: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers: HeadersInit = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
  return openStream(credentials, `${API_URL}/api/v1/events`, { headers, signal });
}

async function follow(body: ReadableStream<Uint8Array>, onReport: (report: Report) => void): Promise<void> {
  let goodFor = SILENCE_LIMIT;
  let isOpen = false;
  const parser = new EventSourceParserStream({
    onComment: () => {
      if (isOpen) onReport({ state: 'live', goodFor });
    },
  });
  const messages = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(parser)
    .getReader();
  try {
    for (;;) {
      const { done, value } = await messages.read();
      if (done) return;
      if (value.event === 'hello') {
        isOpen = true;
        goodFor = SILENT_INTERVALS * heartbeatIntervalOf(value.data);
      }
      const event = eventOf(value.event, value.data);
      const { id: lastEventId } = value;
      onReport({ state: 'live', goodFor, ...(event && { event }), ...(lastEventId !== undefined && { lastEventId }) });
    }
  } finally {
    await messages.cancel().catch(() => undefined);
  }
}

function eventOf(name: string | undefined, data: string): LiveEvent | undefined {
  if (name === 'hello' || name === 'reset') return { type: 'caught-up' };
  if (name !== 'order.created' && name !== 'order.changed' && name !== 'order.status-changed') return undefined;
  return { type: name, order: JSON.parse(data) as EventOrder };
}

function heartbeatIntervalOf(hello: string): number {
  const { heartbeatInterval } = JSON.parse(hello) as { readonly heartbeatInterval?: number };
  return heartbeatInterval ?? HEARTBEAT_INTERVAL;
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
