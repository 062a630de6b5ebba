import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { Asked, Came, SeenOrder } from '../history/call.js';

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

interface OrderBody extends SeenOrder {
  readonly currentVersion?: number;
}
interface PageBody {
  readonly items: readonly SeenOrder[];
  readonly nextCursor: string | null;
}

/** A parser of responses. It saves memory: equal texts, and equal versions of an order, give the same object. */
export class AnswerReader {
  private readonly orders = new Map<string, SeenOrder>();
  private readonly pages = new Map<string, { readonly text: string; readonly answer: ReadAnswer }>();

  /** @throws Error if the response is not allowed */
  read(asked: Asked, path: string, { status, text }: RawAnswer): ReadAnswer {
    if (status >= 500) return { came: { kind: 'unknown' } };
    if (status === 404 && 'order' in asked) return { came: { kind: 'missing' } };
    // Nobody but its assignee may give an order back to the queue.
    if ((status === 409 || status === 403) && asked.kind === 'change') {
      return { came: { kind: 'conflict', version: (JSON.parse(text) as { currentVersion: number }).currentVersion } };
    }
    if (status !== 200 && status !== 201) throw new Error(`${asked.kind} ${path} was answered with ${status}: ${text}`);
    switch (asked.kind) {
      case 'create':
      case 'change':
      case 'order':
        return { came: { kind: 'order', order: this.intern(JSON.parse(text) as OrderBody) } };
      case 'history': {
        const { items } = JSON.parse(text) as { readonly items: readonly { readonly version: number }[] };
        return { came: { kind: 'history', version: items.at(-1)?.version ?? 1 } };
      }
      case 'counts': {
        const { counts } = JSON.parse(text) as { readonly counts: Readonly<Record<OrderStatus, number>> };
        return { came: { kind: 'counts', counts } };
      }
      case 'page':
        return this.readPage(path, text);
    }
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
    const { id, version, status, priority, createdAt, createdBy, dueAt, assignee } = order;
    const name = `${id} ${version} ${status}`;
    const known = this.orders.get(name);
    if (known) return known;
    const seen = { id, version, status, priority, createdAt, createdBy, dueAt, assignee };
    this.orders.set(name, seen);
    return seen;
  }
}
