import { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { newOrder } from '../../support/test-orders.js';
import { PAGE_PATH } from '../scenarios/page.js';

/** Orders are numbered in the order in which the schedule creates them. */
export type Step =
  | { readonly kind: 'read'; readonly path: string; readonly needsLoad: boolean }
  | { readonly kind: 'change'; readonly order: number; readonly to: OrderStatus }
  | { readonly kind: 'create'; readonly order: number; readonly body: string };

/** The life of an order on the floor: four changes for each creation, as in the mix. */
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
/** Created before anything else, so that there is something to work on. */
export const FIRST_ORDERS = 50;

/**
 * What happens on the floor, one step after the other: the same again for the same seed.
 *
 * Of every read it is known whether a cache that is never stale would have to load for it if the steps were done strictly
 * one after the other: whether anything that it shows was written since it was last read.
 */
export class Schedule {
  private readonly random: Random;
  /** Orders that are not at the end of their life, and where in it they are. */
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
    if (!taken) throw new RangeError('there is no order to work on');
    const [from, to] = [LIFE[taken.stage], LIFE[taken.stage + 1]];
    if (!from || !to) throw new RangeError('the order is at the end of its life');
    taken.stage += 1;
    if (taken.stage === LIFE.length - 1) this.open.splice(index, 1);
    this.written([from, to]);
    return { kind: 'change', order: taken.order, to };
  }

  /** Whether this must be loaded. */
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
