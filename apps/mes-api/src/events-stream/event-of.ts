import type { LogEntry } from './log-entry.js';
import type { OrderChangedEventDto, OrderCreatedEventDto, OrderStatusChangedEventDto } from './order-events.dto.js';
import { encodePosition } from './position-codec.js';
import type { ServerSentEvent } from './server-sent-event.js';

/** The event that clients are sent for an entry of the log. It has no data of customers. */
export function eventOf(entry: LogEntry): ServerSentEvent {
  return { id: encodePosition(entry.position), event: entry.type, data: dataOf(entry) };
}

function dataOf(
  entry: LogEntry,
): OrderCreatedEventDto | OrderStatusChangedEventDto | OrderChangedEventDto | Record<string, never> {
  if (entry.type === 'reset') return {};
  const { orderId: id, number, version, status } = entry;
  const at = entry.at.toISOString();
  if (entry.type === 'order.created') {
    return { id, number, version, status, priority: entry.priority, material: entry.material, at };
  }
  const who = {
    ...(entry.assignee === null ? {} : { assignee: entry.assignee }),
    ...(entry.by === null ? {} : { by: entry.by }),
  };
  if (entry.type === 'order.changed') {
    return { id, number, version, status, priority: entry.priority, ...who, at, changes: [...(entry.changes ?? [])] };
  }
  return { id, number, version, from: entry.from, status, ...who, at };
}
