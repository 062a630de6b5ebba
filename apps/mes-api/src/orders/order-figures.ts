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

/** The most operators of a workload. */
export const MOST_OPERATORS = 12;

/** The most orders that a workload shows of each operator. */
export const MOST_STARTED = 3;

export interface StartedOrder {
  readonly id: string;
  readonly number: number;
  readonly product: string;
  readonly priority: OrderPriority;
  readonly dueAt?: Date | undefined;
}

/** The started orders of an operator. */
export interface OperatorWorkload {
  readonly operator: string;
  readonly count: number;
  /** Due soonest first, up to `MOST_STARTED`. */
  readonly orders: readonly StartedOrder[];
}

/** Who works on what, all read at one time. */
export interface Workload {
  /** Those whose orders are due soonest come first, up to `MOST_OPERATORS`. */
  readonly operators: readonly OperatorWorkload[];
  /** The number of all operators with started orders. */
  readonly operatorCount: number;
  /** The number of all started orders. */
  readonly orderCount: number;
}
