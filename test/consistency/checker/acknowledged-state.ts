import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { Timeline, Version } from './timeline.js';

/** The acknowledged versions of all orders at one moment. A read that begins then must show at least these versions. */
export class AcknowledgedState {
  private readonly floors = new Map<Timeline, number>();
  private readonly byStatus = new Map<OrderStatus | undefined, Set<Timeline>>();
  private readonly underWay = new Set<Version>();
  private readonly byAcknowledgement: readonly Version[];
  private readonly byBegin: readonly Version[];
  private acknowledged = 0;
  private begun = 0;

  constructor(timelines: Iterable<Timeline>) {
    const versions: Version[] = [];
    for (const timeline of timelines) {
      this.floors.set(timeline, 0);
      this.of(undefined).add(timeline);
      versions.push(...timeline.versions.slice(1));
    }
    this.byAcknowledgement = versions.toSorted(
      (a, b) => compare(a.acknowledged, b.acknowledged) || a.number - b.number,
    );
    this.byBegin = versions.toSorted((a, b) => compare(a.begun, b.begun));
  }

  /** Moves to a later time, or stays. Time never goes back. */
  advanceTo(time: number): void {
    for (let version; (version = this.byBegin[this.begun]) && version.begun < time; this.begun += 1) {
      if (version.acknowledged >= time) this.underWay.add(version);
    }
    for (
      let version;
      (version = this.byAcknowledgement[this.acknowledged]) && version.acknowledged < time;
      this.acknowledged += 1
    ) {
      this.underWay.delete(version);
      this.raise(version);
    }
  }

  /** The oldest version of an order that a read may show. */
  floor(timeline: Timeline): number {
    return this.floors.get(timeline) ?? 0;
  }

  /** The orders whose last acknowledged version has this status. */
  withStatus(status: OrderStatus): ReadonlySet<Timeline> {
    return this.of(status);
  }

  /** The orders with a version that is not acknowledged now and may take effect before `time`. */
  inMotionUntil(time: number): ReadonlySet<Timeline> {
    const timelines = new Set<Timeline>();
    for (const { timeline } of this.underWay) timelines.add(timeline);
    for (let i = this.begun, version; (version = this.byBegin[i]) && version.begun < time; i += 1) {
      timelines.add(version.timeline);
    }
    return timelines;
  }

  private raise({ timeline, number, status }: Version): void {
    const before = this.floor(timeline);
    if (number <= before) return;
    this.of(timeline.versions[before]?.status).delete(timeline);
    this.of(status).add(timeline);
    this.floors.set(timeline, number);
  }

  private of(status: OrderStatus | undefined): Set<Timeline> {
    const known = this.byStatus.get(status) ?? new Set<Timeline>();
    this.byStatus.set(status, known);
    return known;
  }
}

/** A comparison by `<` and `>`: a subtraction of two infinities would give `NaN`. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
