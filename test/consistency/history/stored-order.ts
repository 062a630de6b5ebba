import type { Call } from './call.js';
import type { Changeable, Listable } from './list-order.js';

/** A change of an order in the database. */
export interface StoredChange {
  readonly version: number;
  readonly mark: string | null;
  /** The values that the change gave the order. */
  readonly values: Partial<Changeable>;
}

/** An order in the database after the run. */
export interface StoredOrder {
  readonly id: string;
  readonly mark: string | null;
  readonly version: number;
  /** The order as it was created. */
  readonly created: Listable;
  /** The changes since, oldest first. */
  readonly changes: readonly StoredChange[];
}

/** A history, and the contents of the database before and after it. */
export interface RecordedRun {
  readonly calls: readonly Call[];
  /** The version of each order before the first call. */
  readonly before: ReadonlyMap<string, number>;
  readonly after: readonly StoredOrder[];
}
