import type { OrderPriority } from './order.js';
import type { OrderStatus } from './order-status.js';

/** Highest number of late orders that is counted for a status and priority. It stands for at least as many. */
export const MOST_COUNTED = 1_000;

/** The late orders with a status and priority. */
export interface DueCount {
  readonly status: OrderStatus;
  readonly priority: OrderPriority;
  readonly overdue: number;
  /** Due in the next 24 hours. */
  readonly dueSoon: number;
}

/** The number of orders that took so long, in seconds. */
export interface TimedClass {
  readonly from: number;
  readonly upTo: number;
  readonly count: number;
}

/** What was done in each hour, all read at one time. An order is started, completed and shipped once: the first time. */
export interface OrderThroughput {
  readonly hours: readonly {
    readonly hour: Date;
    readonly created: number;
    readonly started: number;
    readonly completed: number;
    readonly shipped: number;
    /** From the creation to the start, of the orders started in this hour. */
    readonly timesToStart: readonly TimedClass[];
    /** From the start to the completion, of the orders completed in this hour. */
    readonly timesToComplete: readonly TimedClass[];
  }[];
  readonly asOf: Date;
}

export interface StartedOrder {
  readonly assignee: string;
  readonly id: string;
  readonly number: number;
  readonly product: string;
  readonly priority: OrderPriority;
  readonly dueAt?: Date | undefined;
}

export interface StartedOrders {
  /** Due soonest first. */
  readonly orders: readonly StartedOrder[];
  /** Whether no order was left out. */
  readonly isComplete: boolean;
}
