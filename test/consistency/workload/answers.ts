import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { Asked, Came, DueCount, OrderOutcome, SeenOrder, Total } from '../history/call.js';

/** An unparsed response. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

export interface ReadAnswer {
  readonly came: Came;
  /** The cursor for the next page; absent on the last page. */
  readonly nextCursor?: string | undefined;
}

/** The result for one of several orders. */
interface ResultBody {
  readonly id: string;
  readonly status: number;
  readonly order: SeenOrder;
  readonly currentVersion: number;
}
interface OperatorBody {
  readonly operator: string;
  readonly count: number;
}

interface PageBody {
  readonly items: readonly SeenOrder[];
  readonly nextCursor: string | null;
}

/** A parser of responses. It saves memory: equal texts, and equal versions of an order, give the same object. */
export class AnswerReader {
  private readonly orders = new Map<string, SeenOrder>();
  private readonly pages = new Map<string, { readonly text: string; readonly answer: ReadAnswer }>();

  /** @param isOfOlderBuilds whether some of the instances may not know all paths */
  constructor(private readonly isOfOlderBuilds = false) {}

  /** @throws Error if the response is not allowed */
  read(asked: Asked, path: string, { status, text }: RawAnswer): ReadAnswer {
    if (status >= 500) return { came: { kind: 'unknown' } };
    if (status === 404 && 'order' in asked) return { came: { kind: 'missing' } };
    if (status === 404 && this.isOfOlderBuilds) return { came: { kind: 'done' } };
    // Nobody but its assignee may give an order back to the queue.
    const isRefused =
      status === 409 ? asked.kind === 'change' || asked.kind === 'edit' : status === 403 && asked.kind === 'change';
    if (isRefused) {
      return { came: { kind: 'conflict', version: (JSON.parse(text) as { currentVersion: number }).currentVersion } };
    }
    if (status !== 200 && status !== 201) throw new Error(`${asked.kind} ${path} was answered with ${status}: ${text}`);
    switch (asked.kind) {
      case 'create':
      case 'change':
      case 'edit':
      case 'order':
        return { came: { kind: 'order', order: this.intern(JSON.parse(text) as SeenOrder) } };
      case 'change several': {
        const { results } = JSON.parse(text) as { readonly results: readonly ResultBody[] };
        return {
          came: {
            kind: 'several',
            outcomes: results.map((result) => ({ id: result.id, came: this.outcomeOf(result) })),
          },
        };
      }
      case 'history': {
        const { items, changes } = JSON.parse(text) as Record<'items' | 'changes', readonly { version: number }[]>;
        const version = Math.max(1, ...[...items, ...changes].map((entry) => entry.version));
        return { came: { kind: 'history', version } };
      }
      case 'counts': {
        const { counts } = JSON.parse(text) as { readonly counts: Readonly<Record<OrderStatus, number>> };
        return { came: { kind: 'counts', counts } };
      }
      case 'due': {
        const { counts, asOf } = JSON.parse(text) as { readonly counts: readonly DueCount[]; readonly asOf: string };
        return { came: { kind: 'due', counts, asOf } };
      }
      case 'workload': {
        const { operators } = JSON.parse(text) as { readonly operators: readonly OperatorBody[] };
        const started = new Map(operators.map(({ operator, count }) => [operator, count]));
        return { came: { kind: 'workload', started } };
      }
      case 'throughput':
        return { came: { kind: 'done' } };
      case 'total':
        return { came: { kind: 'total', total: JSON.parse(text) as Total } };
      case 'page':
        return this.readPage(path, text);
    }
  }

  private outcomeOf({ status, order, currentVersion }: ResultBody): OrderOutcome {
    if (status === 200) return { kind: 'order', order: this.intern(order) };
    return status === 404 ? { kind: 'missing' } : { kind: 'conflict', version: currentVersion };
  }

  private readPage(path: string, text: string): ReadAnswer {
    const known = this.pages.get(path);
    if (known?.text === text) return known.answer;
    const { items, nextCursor } = JSON.parse(text) as PageBody;
    const came: Came = { kind: 'page', items: items.map((item) => this.intern(item)), isLast: nextCursor === null };
    const answer = { came, nextCursor: nextCursor ?? undefined };
    this.pages.set(path, { text, answer });
    return answer;
  }

  private intern(order: SeenOrder): SeenOrder {
    const { id, version, status, priority, createdAt, createdBy, dueAt, assignee, holdReason } = order;
    const seen = { id, version, status, priority, createdAt, createdBy, dueAt, assignee, holdReason };
    const name = JSON.stringify(seen);
    const known = this.orders.get(name);
    if (known) return known;
    this.orders.set(name, seen);
    return seen;
  }
}
