import { ORDER_STATUSES, type OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { Asked, Call, Came, DueCount, Filter, List, OrderOutcome, SeenOrder, Total } from '../history/call.js';
import type { Changeable } from '../history/list-order.js';
import type { RecordedRun, StoredOrder } from '../history/stored-order.js';

/** The time between the start and the end of a call. */
export type Span = readonly [start: number, end: number];

const ALL_NEW: List = { statuses: ['NEW'], sort: '-createdAt', limit: 50 };

/** An order as responses show it. Orders with greater ids were created later. */
export function order(id: string, version = 1, status: OrderStatus = 'NEW'): SeenOrder {
  return { id, version, status, priority: 'NORMAL', createdAt: `2031-01-01T00:00:0${id}.000Z`, createdBy: 'partner-1' };
}

/** A builder for histories in tests. It adds calls in order, and keeps the database that they produce. */
export class WrittenHistory {
  private readonly calls: Call[] = [];
  private readonly orders = new Map<string, StoredOrder>();

  /** Creates order `id`. With the outcome `unknown`, the client gets no response. */
  creates(client: string, span: Span, id: string, outcome: 'acknowledged' | 'unknown' = 'acknowledged'): this {
    const mark = this.mark(client);
    this.orders.set(id, { id, mark, version: 1, created: order(id), changes: [] });
    const came: Came = outcome === 'unknown' ? { kind: 'unknown' } : { kind: 'order', order: order(id) };
    return this.add(client, span, { asked: { kind: 'create' }, came, mark });
  }

  /** Sets order `id` to a status. */
  moves(
    client: string,
    span: Span,
    id: string,
    to: OrderStatus,
    outcome: 'acknowledged' | 'unknown' | 'unknown, not done' = 'acknowledged',
  ): this {
    const mark = this.mark(client);
    const came: Came =
      outcome === 'unknown, not done'
        ? { kind: 'unknown' }
        : { kind: 'order', order: this.store(id, mark, { status: to }) };
    return this.add(client, span, {
      ...{ asked: { kind: 'change', order: id, to }, mark },
      came: outcome === 'acknowledged' ? came : { kind: 'unknown' },
    });
  }

  /** Gives order `id` other values. */
  edits(client: string, span: Span, id: string, fields: Partial<Changeable>): this {
    const mark = this.mark(client);
    const came: Came = { kind: 'order', order: this.store(id, mark, fields) };
    return this.add(client, span, { asked: { kind: 'edit', order: id, fields }, came, mark });
  }

  /** Sets several orders to a status, of which one is refused with its current version. */
  movesSeveral(
    client: string,
    span: Span,
    ids: readonly string[],
    to: OrderStatus,
    refused: { readonly id: string; readonly version: number },
  ): this {
    const mark = this.mark(client);
    const outcomes = ids.map((id): { id: string; came: OrderOutcome } => ({
      id,
      came:
        id === refused.id
          ? { kind: 'conflict', version: refused.version }
          : { kind: 'order', order: this.store(id, mark, { status: to }) },
    }));
    const asked: Asked = { kind: 'change several', orders: ids, to };
    return this.add(client, span, { asked, came: { kind: 'several', outcomes }, mark });
  }

  /** Sends the last write again, and is told of the version that it made. */
  repeats(client: string, span: Span): this {
    const last = this.calls.findLast(({ mark }) => mark !== undefined);
    if (!last) throw new Error('nothing has been written');
    const { asked, came, mark } = last;
    return this.add(client, span, { asked, came, ...(mark !== undefined && { mark }) });
  }

  /** Receives an acknowledgement for a status change that the database does not have. */
  isToldOfMove(client: string, span: Span, id: string, version: number, to: OrderStatus): this {
    const mark = this.mark(client);
    const came: Came = { kind: 'order', order: order(id, version, to) };
    return this.add(client, span, { asked: { kind: 'change', order: id, to }, came, mark });
  }

  sees(client: string, span: Span, seen: SeenOrder): this {
    return this.add(client, span, { asked: { kind: 'order', order: seen.id }, came: { kind: 'order', order: seen } });
  }

  /** Receives 404 for order `id`. */
  misses(client: string, span: Span, id: string): this {
    return this.add(client, span, { asked: { kind: 'order', order: id }, came: { kind: 'missing' } });
  }

  /** Receives a conflict with the current version of an order. */
  isRefused(client: string, span: Span, id: string, version: number): this {
    const asked = { kind: 'change', order: id, to: 'SHIPPED' } as const;
    return this.add(client, span, { asked, came: { kind: 'conflict', version } });
  }

  seesHistory(client: string, span: Span, id: string, version: number): this {
    return this.add(client, span, { asked: { kind: 'history', order: id }, came: { kind: 'history', version } });
  }

  /** Receives a page; by default, the only page of the new orders. */
  lists(
    client: string,
    span: Span,
    items: readonly SeenOrder[],
    page: { list?: Partial<List>; isLast?: boolean; after?: SeenOrder; walk?: string } = {},
  ): this {
    const { isLast = true, after, walk } = page;
    const asked: Asked = {
      kind: 'page',
      list: { ...ALL_NEW, ...page.list },
      ...(after && { after }),
      ...(walk !== undefined && { walk }),
    };
    return this.add(client, span, { asked, came: { kind: 'page', items, isLast } });
  }

  counts(client: string, span: Span, counts: Partial<Record<OrderStatus, number>>): this {
    const all = Object.fromEntries(ORDER_STATUSES.map((status) => [status, counts[status] ?? 0]));
    const came: Came = { kind: 'counts', counts: all as Record<OrderStatus, number> };
    return this.add(client, span, { asked: { kind: 'counts' }, came });
  }

  totals(client: string, span: Span, filter: Filter, total: Total): this {
    return this.add(client, span, { asked: { kind: 'total', filter }, came: { kind: 'total', total } });
  }

  /** Receives the numbers of late orders at the beginning of 2031-05-17. */
  dues(client: string, span: Span, counts: readonly DueCount[]): this {
    const came: Came = { kind: 'due', asOf: '2031-05-17T00:00:00.000Z', counts };
    return this.add(client, span, { asked: { kind: 'due' }, came });
  }

  /** Receives the number of started orders of each operator. */
  workloads(client: string, span: Span, started: Readonly<Record<string, number>>): this {
    const came: Came = { kind: 'workload', started: new Map(Object.entries(started)) };
    return this.add(client, span, { asked: { kind: 'workload' }, came });
  }

  /** Removes an order from the database. */
  loses(id: string): this {
    this.orders.delete(id);
    return this;
  }

  recorded(): RecordedRun {
    return { calls: this.calls, before: new Map(), after: [...this.orders.values()] };
  }

  /** Stores a change of order `id`, and returns the order as a response shows it afterwards. */
  private store(id: string, mark: string, values: Partial<Changeable>): SeenOrder {
    const before = this.orders.get(id);
    if (!before) throw new Error(`there is no order ${id}`);
    const version = before.version + 1;
    const changes = [...before.changes, { version, mark, values }];
    this.orders.set(id, { ...before, version, changes });
    return Object.assign(order(id, version), ...changes.map((change) => change.values)) as SeenOrder;
  }

  private add(client: string, [start, end]: Span, call: Pick<Call, 'asked' | 'came' | 'mark'>): this {
    this.calls.push({ client, instance: 'api-1', start, end, ...call });
    return this;
  }

  private mark(client: string): string {
    return `${client}-${this.calls.length}`;
  }
}
