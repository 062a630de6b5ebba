import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { Call } from '../history/call.js';
import type { StoredOrder } from '../history/stored-order.js';

/** One version of an order. Version 0 stands for the time before its creation. */
export interface Version {
  readonly timeline: Timeline;
  readonly number: number;
  readonly status: OrderStatus | undefined;
  /** The version cannot exist before this time. */
  readonly begun: number;
  /** Reads that begin after this time must show this version or a later one. */
  readonly acknowledged: number;
  /** The call that wrote the version; `undefined` if the history has no such call. */
  readonly write: Call | undefined;
}

type StatusTest = (status: OrderStatus | undefined) => boolean;

/** All versions of an order, each with the earliest time of its write and the time of its acknowledgement. */
export class Timeline {
  readonly versions: readonly Version[];

  /**
   * @param baseline the version before the first call
   * @param writes the write calls, by their marks
   */
  constructor(
    readonly order: StoredOrder,
    baseline: number,
    writes: ReadonlyMap<string, Call>,
  ) {
    const stored = [
      { number: 0, status: undefined, mark: null },
      { number: 1, status: 'NEW' as const, mark: order.mark },
      ...order.changes.map(({ version, to, mark }) => ({ number: version, status: to, mark })),
    ];
    // A version cannot begin before the version that it follows.
    let begun = -Infinity;
    const versions = stored.map(({ number, status, mark }) => {
      const write = number > baseline && mark !== null ? writes.get(mark) : undefined;
      begun = Math.max(begun, write?.start ?? -Infinity);
      const acknowledged = number <= baseline ? -Infinity : isAcknowledged(write) ? write.end : Infinity;
      return { timeline: this, number, status, begun, acknowledged, write };
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

  /** Whether all versions from `first` to `last` have a wanted status; false if there are none. */
  every(first: number, last: number, isWanted: StatusTest): boolean {
    return first <= last && !this.some(first, last, (status) => !isWanted(status));
  }

  /** Whether any version from `first` to `last` has a wanted status. */
  some(first: number, last: number, isWanted: StatusTest): boolean {
    for (let number = first; number <= last; number += 1) {
      if (isWanted(this.versions[number]?.status)) return true;
    }
    return false;
  }

  /** The first acknowledgement of this version or of a later one. */
  acknowledgementOf(number: number): Call | undefined {
    const time = this.versions[number]?.acknowledged;
    return this.versions.find(({ write, number: later }) => later >= number && write?.end === time)?.write;
  }
}

function isAcknowledged(write: Call | undefined): write is Call {
  return write?.came.kind === 'order' || write?.came.kind === 'done';
}
