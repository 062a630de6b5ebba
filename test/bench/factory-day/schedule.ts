import { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { newOrder } from '../../support/test-orders.js';
import { PAGE_PATH } from '../scenarios/page.js';

/** A step of the schedule. Orders are numbered in the sequence of their creation. */
export type Step =
  | { readonly kind: 'read'; readonly path: string; readonly needsLoad: boolean }
  | { readonly kind: 'change'; readonly order: number; readonly to: OrderStatus }
  | { readonly kind: 'create'; readonly order: number; readonly body: string };

/** The statuses of an order in sequence: four changes for each creation, as in the mix. */
const LIFE: readonly OrderStatus[] = [
  'NEW',
  'MANUFACTURING_STARTED',
  'MANUFACTURING_COMPLETED',
  'PACKAGING',
  'SHIPPED',
];
const DASHBOARD = '/api/v1/dashboard/statuses';
const MIX: readonly (readonly ['page' | 'dashboard' | 'change' | 'create', number])[] = [
  ['page', 75],
  ['dashboard', 20],
  ['change', 4],
  ['create', 1],
];
/** Number of orders that are created first, so that there are orders to change. */
export const FIRST_ORDERS = 50;

/**
 * The sequence of steps of the factory day, the same for the same seed.
 *
 * Each read tells whether a cache that is never stale would have to load for it if the steps ran strictly one after the other:
 * whether its content was written since the last read.
 */
export class Schedule {
  private readonly random: Random;
  /** Unfinished orders, with their positions in the sequence of statuses. */
  private readonly open: { readonly order: number; stage: number }[] = [];
  private readonly fresh = new Set<string>();
  private created = 0;

  constructor(seed: string) {
    this.random = new Random(seed);
  }

  next(): Step {
    if (this.created < FIRST_ORDERS) return this.create();
    const kind = this.random.pickWeighted(MIX);
    switch (kind) {
      case 'page':
        return { kind: 'read', path: PAGE_PATH, needsLoad: this.read(PAGE_PATH) };
      case 'dashboard':
        return { kind: 'read', path: DASHBOARD, needsLoad: this.read(DASHBOARD) };
      case 'change':
        return this.open.length === 0 ? this.create() : this.change();
      case 'create':
        return this.create();
    }
  }

  private create(): Step {
    const order = this.created;
    this.created += 1;
    this.open.push({ order, stage: 0 });
    this.written(['NEW']);
    const body = newOrder({
      customer: { id: `C-${this.random.whole(1, 5_000)}`, name: `Customer ${order}` },
      priority: this.random.pick(['LOW', 'NORMAL', 'HIGH', 'URGENT']),
      quantity: this.random.whole(1, 9),
    });
    return { kind: 'create', order, body: JSON.stringify(body) };
  }

  private change(): Step {
    const index = this.random.whole(0, this.open.length - 1);
    const taken = this.open[index];
    if (!taken) throw new RangeError('there is no unfinished order');
    const [from, to] = [LIFE[taken.stage], LIFE[taken.stage + 1]];
    if (!from || !to) throw new RangeError('the order is finished');
    taken.stage += 1;
    if (taken.stage === LIFE.length - 1) this.open.splice(index, 1);
    this.written([from, to]);
    return { kind: 'change', order: taken.order, to };
  }

  /** Whether this read needs a load. */
  private read(key: string): boolean {
    if (this.fresh.has(key)) return false;
    this.fresh.add(key);
    return true;
  }

  private written(statuses: readonly OrderStatus[]): void {
    this.fresh.delete(DASHBOARD);
    if (statuses.includes('NEW')) this.fresh.delete(PAGE_PATH);
  }
}
