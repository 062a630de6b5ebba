/** Settings of the live events. All times are in milliseconds. */
export interface EventsStreamOptions {
  /** How often something is sent to whoever listens, so that nobody on the way takes the connection for dead. */
  heartbeatInterval: number;
  /** How long a client waits before it connects again. */
  reconnectDelay: number;
  /** How many bytes may wait for a client that does not read before it is cut off. */
  maxUnsentBytes: number;
  maxStreamsPerCaller: number;
  /** How many events somebody may have missed and still be told of each. */
  maxMissed: number;
  /** How many events are read, and sent, at once. */
  pageSize: number;
  /** How often to look for events that nobody was told of: their writer died before it could. */
  pollInterval: number;
  /** How much time there is between two notifications of the other instances. */
  notifyInterval: number;
  /** How long events are kept for those who come again. */
  window: number;
  pruneInterval: number;
}

export const EVENTS_STREAM_DEFAULTS: Readonly<EventsStreamOptions> = {
  heartbeatInterval: 15_000,
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
