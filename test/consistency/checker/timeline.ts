import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { ordersShown, type Call } from '../history/call.js';
import type { Listable } from '../history/list-order.js';
import type { StoredOrder } from '../history/stored-order.js';

/** One version of an order. Version 0 stands for the time before its creation. */
export interface Version {
  readonly timeline: Timeline;
  readonly number: number;
  /** The order in this version. */
  readonly order: Listable | undefined;
  readonly status: OrderStatus | undefined;
  /** The version cannot exist before this time. */
  readonly begun: number;
  /** Reads that begin after this time must show this version or a later one. */
  readonly acknowledged: number;
  /** The call that wrote the version; `undefined` if the history has no such call. */
  readonly write: Call | undefined;
}

type OrderTest = (order: Listable | undefined) => boolean;

/** All versions of an order, each with the earliest time of its write and the time of its acknowledgement. */
export class Timeline {
  readonly id: string;
  readonly versions: readonly Version[];

  /**
   * @param baseline the version before the first call
   * @param writes the write calls, by their marks; repeated writes have the same mark
   */
  constructor(
    readonly stored: StoredOrder,
    baseline: number,
    writes: ReadonlyMap<string, readonly Call[]>,
  ) {
    const { id, created, changes } = stored;
    this.id = id;
    let order = created;
    const states = [
      { number: 0, order: undefined, mark: null },
      { number: 1, order, mark: stored.mark },
      ...changes.map(({ version, mark, values }) => ({
        number: version,
        order: (order = { ...order, ...values }),
        mark,
      })),
    ];
    // A version cannot begin before the version that it follows.
    let begun = -Infinity;
    const versions = states.map(({ number, order, mark }) => {
      const calls = number > baseline && mark !== null ? (writes.get(mark) ?? []) : [];
      begun = Math.max(begun, calls.length > 0 ? Math.min(...calls.map(({ start }) => start)) : -Infinity);
      const acknowledging = calls.filter((call) => acknowledges(call, id, number));
      const acknowledged = number <= baseline ? -Infinity : Math.min(...acknowledging.map(({ end }) => end), Infinity);
      const write = acknowledging.find(({ end }) => end === acknowledged) ?? calls[0];
      return { timeline: this, number, order, status: order?.status, begun, acknowledged, write };
    });
    // The acknowledgement of a version acknowledges all versions before it.
    let acknowledged = Infinity;
    for (const version of versions.toReversed()) {
      acknowledged = Math.min(acknowledged, version.acknowledged);
      version.acknowledged = acknowledged;
    }
    this.versions = versions;
  }

  /** The oldest version that a read at this time may show. */
  acknowledgedBefore(time: number): number {
    return this.versions.findLastIndex(({ acknowledged }) => acknowledged < time);
  }

  /** The newest version that a read at this time may show. */
  begunBefore(time: number): number {
    return this.versions.findLastIndex(({ begun }) => begun < time);
  }

  /** Whether the order is as wanted in all versions from `first` to `last`; false if there are none. */
  every(first: number, last: number, isWanted: OrderTest): boolean {
    return first <= last && !this.some(first, last, (order) => !isWanted(order));
  }

  /** Whether the order is as wanted in any version from `first` to `last`. */
  some(first: number, last: number, isWanted: OrderTest): boolean {
    for (let number = first; number <= last; number += 1) {
      if (isWanted(this.versions[number]?.order)) return true;
    }
    return false;
  }

  /** The first acknowledgement of this version or of a later one. */
  acknowledgementOf(number: number): Call | undefined {
    const time = this.versions[number]?.acknowledged;
    return this.versions.find(({ write, number: later }) => later >= number && write?.end === time)?.write;
  }
}

function acknowledges({ came }: Call, id: string, version: number): boolean {
  return came.kind === 'done' || ordersShown(came).some((order) => order.id === id && order.version === version);
}
