import type { Instance } from '../system/instance.js';
import { HELD, RESUMED, type Orders, type OrdersDatabase } from '../system/orders-database.js';
import {
  ALL,
  COUNT,
  HELD_PAGE,
  NEW_PAGE,
  allOrders,
  count,
  heldOrders,
  newOrders,
  orderKeyAndTags,
} from '../system/keys-and-tags.js';
import type { Acknowledged } from './acknowledged.js';

export const QUESTIONS = ['new', 'held', 'all', 'count', 'order'] as const;
export type AskedFor = (typeof QUESTIONS)[number];

class OrderNotFoundError extends Error {}

type Listed = readonly (readonly [id: string, version: number])[];

/**
 * A client that sends one request at a time. It complains about responses that are older than a write acknowledged before the
 * request, or older than an earlier response.
 */
export class Client {
  /** The latest version of each order that any response has shown. */
  private readonly seen = new Map<string, number>();
  private seenCount = 0;

  /**
   * @param remembers whether reads are monotonic at present, so that the client compares responses with earlier ones
   */
  constructor(
    private readonly database: OrdersDatabase,
    private readonly acknowledged: Acknowledged,
    private readonly remembers: () => boolean,
    private readonly complain: (what: string) => void,
  ) {}

  async ask(instance: Instance, askedFor: AskedFor, id: string): Promise<void> {
    const acknowledged = new Map(this.acknowledged.orders);
    if (askedFor === 'count') this.checkCount(await instance.ask(COUNT, count), acknowledged);
    if (askedFor === 'order') this.checkOrder(id, await versionOf(instance, id), acknowledged);
    if (askedFor === 'new') this.checkNew(await instance.ask(NEW_PAGE, newOrders), acknowledged);
    if (askedFor === 'held') this.checkHeld(await instance.ask(HELD_PAGE, heldOrders), acknowledged);
    if (askedFor === 'all') this.checkAll(await instance.ask(ALL, allOrders), acknowledged);
  }

  private checkAll(listed: Listed, acknowledged: Orders): void {
    const versions = new Map(listed);
    for (const [id, least] of acknowledged) {
      const version = versions.get(id) ?? 0;
      if (version < least) this.complain(`${id} is listed in version ${version}, but ${least} was acknowledged`);
    }
    this.see('the list of all orders', listed);
  }

  private checkCount(counted: number, acknowledged: Orders): void {
    if (counted < acknowledged.size)
      this.complain(`the count is ${counted}, but ${acknowledged.size} orders were acknowledged`);
    // A sum does not tell one write from another, so it may lack an unacknowledged write that a list has shown.
    if (this.remembers() && counted < this.seenCount)
      this.complain(`the count is ${counted}, but was ${this.seenCount} before`);
    this.seenCount = Math.max(counted, this.seenCount);
  }

  private checkOrder(id: string, version: number, acknowledged: Orders): void {
    const least = acknowledged.get(id) ?? 0;
    if (version < least) this.complain(`${id} is shown in version ${version}, but ${least} was acknowledged`);
    this.see(id, [[id, version]]);
  }

  private checkNew(listed: Listed, acknowledged: Orders): void {
    const versions = new Map(listed);
    for (const [id, least] of acknowledged) {
      const version = versions.get(id);
      const mayBeHeld = least <= HELD && (this.database.committed.get(id) ?? 0) >= HELD;
      if (version === undefined && !mayBeHeld) this.complain(`${id} is new, but is not in the list of new orders`);
      if (version !== undefined && version < least) {
        this.complain(`${id} is listed as new in version ${version}, but ${least} was acknowledged`);
      }
    }
    this.see('the list of new orders', listed);
  }

  private checkHeld(listed: Listed, acknowledged: Orders): void {
    const versions = new Map(listed);
    for (const [id, least] of acknowledged) {
      if (least === RESUMED && versions.has(id))
        this.complain(`${id} is listed as held, but its resumption was acknowledged`);
      const mayBeResumed = (this.database.committed.get(id) ?? 0) >= RESUMED;
      if (least === HELD && !versions.has(id) && !mayBeResumed)
        this.complain(`${id} is held, but is not in the list of held orders`);
    }
    this.see('the list of held orders', listed);
  }

  private see(where: string, shown: Listed): void {
    for (const [id, version] of shown) {
      const before = this.seen.get(id) ?? 0;
      if (this.remembers() && version < before)
        this.complain(`${id} went back from ${before} to ${version} in ${where}`);
      if (version > 0) this.seen.set(id, Math.max(version, before));
    }
  }
}

/** The version of an order; 0 if there is no such order. The load then fails, and errors are not cached. */
export async function versionOf(instance: Instance, id: string): Promise<number> {
  try {
    return await instance.ask(orderKeyAndTags(id), (orders) => {
      const version = orders.get(id);
      if (version === undefined) throw new OrderNotFoundError();
      return version;
    });
  } catch (error) {
    if (error instanceof OrderNotFoundError) return 0;
    throw error;
  }
}
