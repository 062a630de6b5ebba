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
  orderQuestion,
} from '../system/questions.js';
import type { Acknowledged } from './acknowledged.js';

export const QUESTIONS = ['new', 'held', 'all', 'count', 'order'] as const;
export type AskedFor = (typeof QUESTIONS)[number];

class OrderNotFoundError extends Error {}

type Listed = readonly (readonly [id: string, version: number])[];

/**
 * Asks one question after the other, and complains of answers that are older than what was acknowledged before it asked, or
 * than what it has seen.
 */
export class Client {
  /** The latest version of each order that any answer has shown. */
  private readonly seen = new Map<string, number>();
  private seenCount = 0;

  /**
   * @param remembers whether it complains, at present, of what is older than what it has seen, though that was never acknowledged
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
      if (version < least) this.complain(`${id} is listed in version ${version}, and ${least} was acknowledged`);
    }
    this.see('the list of all orders', listed);
  }

  private checkCount(counted: number, acknowledged: Orders): void {
    if (counted < acknowledged.size) this.complain(`${counted} are counted of ${acknowledged.size} acknowledged`);
    // A sum tells no single write, so it may lag behind what a list has shown of one that was not acknowledged yet.
    if (this.remembers() && counted < this.seenCount)
      this.complain(`${counted} are counted, and ${this.seenCount} before`);
    this.seenCount = Math.max(counted, this.seenCount);
  }

  private checkOrder(id: string, version: number, acknowledged: Orders): void {
    const least = acknowledged.get(id) ?? 0;
    if (version < least) this.complain(`${id} is shown in version ${version}, and ${least} was acknowledged`);
    this.see(id, [[id, version]]);
  }

  private checkNew(listed: Listed, acknowledged: Orders): void {
    const versions = new Map(listed);
    for (const [id, least] of acknowledged) {
      const version = versions.get(id);
      const mayBeHeld = least <= HELD && (this.database.committed.get(id) ?? 0) >= HELD;
      if (version === undefined && !mayBeHeld) this.complain(`${id} is new, and is not listed so`);
      if (version !== undefined && version < least) {
        this.complain(`${id} is listed as new in version ${version}, and ${least} was acknowledged`);
      }
    }
    this.see('the list of new orders', listed);
  }

  private checkHeld(listed: Listed, acknowledged: Orders): void {
    const versions = new Map(listed);
    for (const [id, least] of acknowledged) {
      if (least === RESUMED && versions.has(id))
        this.complain(`${id} is listed as held, and was acknowledged to be taken up`);
      const mayBeResumed = (this.database.committed.get(id) ?? 0) >= RESUMED;
      if (least === HELD && !versions.has(id) && !mayBeResumed) this.complain(`${id} is held, and is not listed so`);
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

/** 0 if there is no such order. That is an error, and errors are not stored. */
export async function versionOf(instance: Instance, id: string): Promise<number> {
  try {
    return await instance.ask(orderQuestion(id), (orders) => {
      const version = orders.get(id);
      if (version === undefined) throw new OrderNotFoundError();
      return version;
    });
  } catch (error) {
    if (error instanceof OrderNotFoundError) return 0;
    throw error;
  }
}
