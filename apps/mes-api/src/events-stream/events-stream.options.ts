/** Settings of the live events. All times are in milliseconds. */
export interface EventsStreamOptions {
  /**
   * Time between heartbeats. They keep proxies from closing idle connections, and clients notice by their absence that a
   * connection is dead. The first event of a stream announces this time.
   */
  heartbeatInterval: number;
  /** Time that a client waits before it reconnects. */
  reconnectDelay: number;
  /** Clients further behind than this are disconnected. */
  maxUnsentBytes: number;
  maxStreamsPerCaller: number;
  /** Largest number of missed events for a resumption. */
  maxMissed: number;
  /** Number of events that are read and sent at once. */
  pageSize: number;
  /** Time between polls, for events whose writer died before it could notify. */
  pollInterval: number;
  /** Shortest time between two notifications of the other instances. */
  notifyInterval: number;
  /** How long events are kept for resumptions. */
  window: number;
  pruneInterval: number;
}

export const EVENTS_STREAM_DEFAULTS: Readonly<EventsStreamOptions> = {
  heartbeatInterval: 10_000,
  reconnectDelay: 1_000,
  maxUnsentBytes: 64 * 1024,
  maxStreamsPerCaller: 20,
  maxMissed: 1_000,
  pageSize: 100,
  pollInterval: 5_000,
  notifyInterval: 20,
  window: 60 * 60_000,
  pruneInterval: 60_000,
};

/** Injection token of {@link EventsStreamOptions}. */
export const EVENTS_STREAM_OPTIONS = Symbol('EVENTS_STREAM_OPTIONS');
