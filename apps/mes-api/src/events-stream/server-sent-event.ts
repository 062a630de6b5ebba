/** A message of an event stream: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export interface ServerSentEvent {
  /** What a client that comes again says it has had. */
  readonly id?: string | undefined;
  readonly event: string;
  readonly data: object;
  /** How long a client waits before it comes again, in milliseconds. */
  readonly retry?: number | undefined;
}

/** As it is sent. JSON has no line breaks, so the data is one line. */
export function formatEvent({ id, event, data, retry }: ServerSentEvent): string {
  const lines = [
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
    ...(id === undefined ? [] : [`id: ${id}`]),
    `event: ${event}`,
    `data: ${JSON.stringify(data)}`,
  ];
  return `${lines.join('\n')}\n\n`;
}
