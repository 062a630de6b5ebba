import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import type { SeenOrder } from '../history/call.js';

/** The number of recently changed orders that clients read again. */
const RECENT = 24;

/** The shared knowledge of all clients about the orders, from which they choose orders to read and to move. */
export class Board {
  private readonly orders = new Map<string, SeenOrder>();
  private readonly byStatus = new Map<OrderStatus, Set<string>>();
  private recent: string[] = [];
  private calm: ReadonlySet<string> = new Set();

  /** From now on, clients do not try to change these orders, by themselves or together with others. */
  leaveAlone(orderIds: readonly string[]): void {
    this.calm = new Set(orderIds);
    for (const id of orderIds) {
      const known = this.orders.get(id);
      if (known) this.of(known.status).delete(id);
      this.orders.delete(id);
    }
    this.recent = this.recent.filter((id) => !this.calm.has(id));
  }

  note(order: SeenOrder): void {
    if (this.calm.has(order.id)) return;
    const known = this.orders.get(order.id);
    if (known && known.version >= order.version) return;
    if (known) this.of(known.status).delete(order.id);
    this.of(order.status).add(order.id);
    this.orders.set(order.id, order);
    this.recent = [order.id, ...this.recent.filter((id) => id !== order.id)].slice(0, RECENT);
  }

  /** Forgets all orders. Those to leave alone stay so. */
  clear(): void {
    this.orders.clear();
    this.byStatus.clear();
    this.recent = [];
  }

  count(status: OrderStatus): number {
    return this.of(status).size;
  }

  /** Picks a recently changed order, which many clients request at once. */
  pickRecent(random: Random): SeenOrder | undefined {
    return this.recent.length === 0 ? undefined : this.orders.get(random.pick(this.recent));
  }

  /** Picks any order with this status. */
  pickWith(status: OrderStatus, random: Random): SeenOrder | undefined {
    const ids = [...this.of(status)];
    return ids.length === 0 ? undefined : this.orders.get(random.pick(ids));
  }

  private of(status: OrderStatus): Set<string> {
    const known = this.byStatus.get(status) ?? new Set<string>();
    this.byStatus.set(status, known);
    return known;
  }
}
