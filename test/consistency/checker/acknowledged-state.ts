import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { Timeline, Version } from './timeline.js';

/** What has been acknowledged at a moment that moves on: the least that whoever asks then must see. */
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

  /** Moves on to a time that is not before the last one. */
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

  /** The version of an order that must be seen at least. */
  floor(timeline: Timeline): number {
    return this.floors.get(timeline) ?? 0;
  }

  /** The orders whose last acknowledged version has this status. */
  withStatus(status: OrderStatus): ReadonlySet<Timeline> {
    return this.of(status);
  }

  /** The orders of which a version may come into force before `time` that is not acknowledged now. */
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

/** Infinity equals itself here, whose difference is not a number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
