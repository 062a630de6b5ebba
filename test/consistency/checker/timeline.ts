import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { Call } from '../history/call.js';
import type { StoredOrder } from '../history/stored-order.js';

/** One version of an order: version 0 stands for the time before it was created. */
export interface Version {
  readonly timeline: Timeline;
  readonly number: number;
  readonly status: OrderStatus | undefined;
  /** Before this, nobody had asked for it. */
  readonly begun: number;
  /** After this, everybody must see it or a later one. */
  readonly acknowledged: number;
  /** The call that asked for it; absent if that is not in the history. */
  readonly write: Call | undefined;
}

type StatusTest = (status: OrderStatus | undefined) => boolean;

/** All versions that an order has ever had, and when each of them can have come into force. */
export class Timeline {
  readonly versions: readonly Version[];

  /**
   * @param baseline the version that was in force before the first call
   * @param writes the calls that write, by their marks
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
    // What follows upon a version cannot be in force before it.
    let begun = -Infinity;
    const versions = stored.map(({ number, status, mark }) => {
      const write = number > baseline && mark !== null ? writes.get(mark) : undefined;
      begun = Math.max(begun, write?.start ?? -Infinity);
      const acknowledged = number <= baseline ? -Infinity : isAcknowledged(write) ? write.end : Infinity;
      return { timeline: this, number, status, begun, acknowledged, write };
    });
    // Whoever must see a version must have what came before it behind them.
    let acknowledged = Infinity;
    for (const version of versions.toReversed()) {
      acknowledged = Math.min(acknowledged, version.acknowledged);
      version.acknowledged = acknowledged;
    }
    this.versions = versions;
  }

  /** The version that whoever asks at this time must see at least. */
  acknowledgedBefore(time: number): number {
    return this.versions.findLastIndex(({ acknowledged }) => acknowledged < time);
  }

  /** The last version that can be in force at this time. */
  begunBefore(time: number): number {
    return this.versions.findLastIndex(({ begun }) => begun < time);
  }

  /** Whether all versions from `first` to `last` have a status as wanted; never true of none. */
  every(first: number, last: number, isWanted: StatusTest): boolean {
    return first <= last && !this.some(first, last, (status) => !isWanted(status));
  }

  /** Whether any version from `first` to `last` has a status as wanted. */
  some(first: number, last: number, isWanted: StatusTest): boolean {
    for (let number = first; number <= last; number += 1) {
      if (isWanted(this.versions[number]?.status)) return true;
    }
    return false;
  }

  /** The call that made it known that the order has this version, or a later one. */
  acknowledgementOf(number: number): Call | undefined {
    const time = this.versions[number]?.acknowledged;
    return this.versions.find(({ write, number: later }) => later >= number && write?.end === time)?.write;
  }
}

function isAcknowledged(write: Call | undefined): write is Call {
  return write?.came.kind === 'order' || write?.came.kind === 'done';
}
