/** A message of an event stream: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export interface ServerSentEvent {
  /** A reconnecting client sends the last id that it has received. */
  readonly id?: string | undefined;
  readonly event: string;
  readonly data: object;
  /** Time that a client waits before it reconnects, in milliseconds. */
  readonly retry?: number | undefined;
}

/** The text of an event. JSON has no line breaks, so the data is one line. */
export function formatEvent({ id, event, data, retry }: ServerSentEvent): string {
  const lines = [
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
    ...(id === undefined ? [] : [`id: ${id}`]),
    `event: ${event}`,
    `data: ${JSON.stringify(data)}`,
  ];
  return `${lines.join('\n')}\n\n`;
}
