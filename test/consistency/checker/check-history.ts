import {
  ORDER_STATUSES,
  UNFINISHED_STATUSES,
  type OrderStatus,
} from '../../../apps/mes-api/src/orders/order-status.js';
import { ORDER_PRIORITIES, type OrderPriority } from '../../../apps/mes-api/src/orders/order.js';
import type { Asked, Call, Came, DueCount, Filter, SeenOrder, Total } from '../history/call.js';
import { comesBefore, isIn, isSame, sortKey, type Listable } from '../history/list-order.js';
import type { RecordedRun } from '../history/stored-order.js';
import { AcknowledgedState } from './acknowledged-state.js';
import { ClientView } from './client-view.js';
import { checkWalks, type Page, type Walk } from './check-walks.js';
import { checkWrites } from './check-writes.js';
import { Timeline } from './timeline.js';
import type { Rule, Violation } from './violation.js';

const DAY_MS = 24 * 60 * 60_000;

/** The numbers of things that were checked. A check of nothing proves nothing. */
export interface Checked {
  calls: number;
  writes: number;
  unknownOutcomes: number;
  orders: number;
  /** Versions of orders that responses showed. */
  sights: number;
  pages: number;
  /** Orders that had to be on a page. */
  presences: number;
  walks: number;
  counts: number;
  totals: number;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly checked: Checked;
}

/** Checks that a history shows nothing stale and loses no write. It is a pure function of the history. */
export function checkHistory(run: RecordedRun): Verdict {
  return new HistoryCheck(run).verdict();
}

class HistoryCheck {
  private readonly timelines = new Map<string, Timeline>();
  private readonly state: AcknowledgedState;
  private readonly views = new ClientView();
  private readonly walks = new Map<string, Page[]>();
  private readonly violations: Violation[] = [];
  private readonly checked: Checked = {
    calls: 0,
    writes: 0,
    unknownOutcomes: 0,
    orders: 0,
    sights: 0,
    pages: 0,
    presences: 0,
    walks: 0,
    counts: 0,
    totals: 0,
  };

  constructor(private readonly run: RecordedRun) {
    const writes = new Map<string, Call[]>();
    for (const call of run.calls) {
      if (call.mark !== undefined) writes.set(call.mark, [...(writes.get(call.mark) ?? []), call]);
    }
    for (const order of run.after) {
      this.timelines.set(order.id, new Timeline(order, run.before.get(order.id) ?? 0, writes));
    }
    this.state = new AcknowledgedState(this.timelines.values());
    this.checked.writes = writes.size;
    this.checked.orders = this.timelines.size;
  }

  verdict(): Verdict {
    const { calls } = this.run;
    this.checked.calls = calls.length;
    this.checked.unknownOutcomes = calls.filter(({ came }) => came.kind === 'unknown').length;
    this.violations.push(...checkWrites(calls, this.timelines));
    for (const call of calls.toSorted((a, b) => a.start - b.start)) {
      this.state.advanceTo(call.start);
      this.check(call, call.asked, call.came);
    }
    const walks: Walk[] = [...this.walks.values()];
    this.checked.walks = walks.length;
    this.violations.push(...checkWalks(walks, [...this.timelines.values()]));
    return { violations: this.violations, checked: this.checked };
  }

  private check(call: Call, asked: Asked, came: Came): void {
    switch (came.kind) {
      case 'order':
        this.checkSight(call, came.order);
        return;
      case 'history':
      case 'conflict':
        if ('order' in asked) this.checkVersion(call, asked.order, came.version);
        return;
      case 'missing':
        if ('order' in asked) this.checkVersion(call, asked.order, 0);
        return;
      case 'page':
        if (asked.kind === 'page') this.checkPage({ call, asked, came });
        return;
      case 'several':
        for (const outcome of came.outcomes) this.check(call, { kind: 'order', order: outcome.id }, outcome.came);
        return;
      case 'counts':
        this.checkCounts(call, came.counts);
        return;
      case 'total':
        if (asked.kind === 'total') this.checkTotal(call, asked.filter, came.total);
        return;
      case 'due':
        this.checkDue(call, came.asOf, came.counts);
        return;
      case 'workload':
        this.checkWorkload(call, came.started);
        return;
      case 'done':
      case 'unknown':
        return;
    }
  }

  /** Checks an order as a response shows it. */
  private checkSight(call: Call, seen: SeenOrder): void {
    const stored = this.timelines.get(seen.id)?.versions[seen.version]?.order;
    // A lost write, and a write of unknown outcome, may not be stored.
    if (stored && !isSame(stored, seen)) {
      const { status, priority, dueAt, assignee, holdReason } = seen;
      const values = JSON.stringify({ status, priority, dueAt, assignee, holdReason });
      this.report('invented', `version ${seen.version} of ${seen.id} is not ${values}`, [call]);
    }
    this.checkVersion(call, seen.id, seen.version);
  }

  /** Checks the version of an order that a response shows. Version 0 means that the response shows no such order. */
  private checkVersion(call: Call, id: string, version: number): void {
    this.checked.sights += 1;
    const timeline = this.timelines.get(id);
    if (!timeline) {
      if (version > 0) this.report('invented', `there is no order ${id}`, [call]);
      return;
    }
    if (version > timeline.begunBefore(call.end)) {
      const later = timeline.versions[version]?.write;
      this.report('invented', `version ${version} of ${id} had not been written yet`, later ? [call, later] : [call]);
      return;
    }
    const floor = this.state.floor(timeline);
    if (version < floor) {
      const write = timeline.acknowledgementOf(floor);
      this.report(
        'stale',
        `${describe(timeline, version)} is shown although version ${floor} was acknowledged before`,
        [...(write ? [write] : []), call],
      );
      return;
    }
    const earlier = this.views.note(call, id, version);
    if (earlier) {
      this.report('backwards', `${describe(timeline, version)} is shown although a later version was shown before`, [
        earlier,
        call,
      ]);
    }
  }

  private checkPage(page: Page): void {
    const { call, asked, came } = page;
    const { list } = asked;
    this.checked.pages += 1;
    if (asked.walk !== undefined) {
      const walk = this.walks.get(asked.walk);
      if (walk) walk.push(page);
      else this.walks.set(asked.walk, [page]);
    }

    const shown = new Set<string>();
    let previous = asked.after && sortKey(asked.after, list.sort);
    for (const item of came.items) {
      const key = sortKey(item, list.sort);
      if (shown.has(item.id)) this.report('paging', `${item.id} is on the page twice`, [call]);
      else if (previous !== undefined && !comesBefore(previous, key, list.sort)) {
        this.report('paging', `${item.id} is in the wrong place`, [call]);
      }
      if (!isIn(item, list)) {
        this.report('invented', `${item.id}, which is ${item.status}, does not belong to the list`, [call]);
      }
      previous = key;
      shown.add(item.id);
      this.checkSight(call, item);
    }
    for (const status of list.statuses ?? ORDER_STATUSES) {
      for (const timeline of this.state.withStatus(status)) {
        this.checkAbsence(page, timeline, shown, previous);
      }
    }
    this.checkAbsenceOfSeen(page, shown, previous);
  }

  /** Checks that the page does not lack an order that acknowledged writes put on it. */
  private checkAbsence(page: Page, timeline: Timeline, shown: ReadonlySet<string>, last: string | undefined): void {
    const { call } = page;
    const floor = this.state.floor(timeline);
    if (!mustBeOn(page, timeline, floor, last)) return;
    this.checked.presences += 1;
    if (shown.has(timeline.id)) return;
    const write = timeline.acknowledgementOf(floor);
    this.report('stale', `${describe(timeline, floor)} was acknowledged but is not on the page`, [
      ...(write ? [write] : []),
      call,
    ]);
  }

  /** Checks that the page does not lack an order that earlier responses to this client put on it. */
  private checkAbsenceOfSeen(page: Page, shown: ReadonlySet<string>, last: string | undefined): void {
    const { call } = page;
    for (const [id, sight] of this.views.of(call.client)) {
      const timeline = this.timelines.get(id);
      if (!timeline) continue;
      if (this.state.floor(timeline) >= sight.version) this.views.forget(call.client, id);
      else if (!shown.has(id) && mustBeOn(page, timeline, sight.version, last)) {
        this.report('backwards', `${describe(timeline, sight.version)} was shown before but is not on the page`, [
          sight.call,
          call,
        ]);
      }
    }
  }

  private checkCounts(call: Call, counts: Readonly<Record<OrderStatus, number>>): void {
    this.checked.counts += 1;
    for (const status of ORDER_STATUSES) this.checkCount(call, { statuses: [status] }, counts[status]);
  }

  private checkDue(call: Call, asOf: string, counts: readonly DueCount[]): void {
    this.checked.counts += 1;
    const soon: Filter['due'] = [asOf, new Date(Date.parse(asOf) + DAY_MS).toISOString()];
    for (const status of UNFINISHED_STATUSES) {
      for (const priority of ORDER_PRIORITIES) {
        const shown = counts.find((one) => one.status === status && one.priority === priority);
        const filter = { statuses: [status], priorities: [priority] };
        this.checkCount(call, { ...filter, due: ['', asOf] }, shown?.overdue ?? 0);
        this.checkCount(call, { ...filter, due: soon }, shown?.dueSoon ?? 0);
      }
    }
  }

  private checkWorkload(call: Call, started: ReadonlyMap<string, number>): void {
    this.checked.counts += 1;
    const total = [...started.values()].reduce((sum, count) => sum + count, 0);
    this.checkCount(call, { statuses: ['MANUFACTURING_STARTED'] }, total);
    for (const [operator, count] of started) {
      this.checkCount(call, { statuses: ['MANUFACTURING_STARTED'], assignees: [operator] }, count);
    }
  }

  private checkTotal(call: Call, filter: Filter, { count, isExact, byStatus = {}, byPriority = {} }: Total): void {
    this.checked.totals += 1;
    this.checkCount(call, filter, count, isExact);
    for (const [status, part] of Object.entries(byStatus) as [OrderStatus, number][]) {
      this.checkCount(call, { ...filter, statuses: [status] }, part);
    }
    for (const [priority, part] of Object.entries(byPriority) as [OrderPriority, number][]) {
      this.checkCount(call, { ...filter, priorities: [priority] }, part);
    }
  }

  /** Checks the number of the orders that a filter selects; one that is not exact may be too low. */
  private checkCount(call: Call, filter: Filter, count: number, isExact = true): void {
    const isCounted = (order: Listable | undefined): boolean => order !== undefined && isIn(order, filter);
    let least = 0;
    for (const status of filter.statuses ?? ORDER_STATUSES) {
      for (const timeline of this.state.withStatus(status)) {
        if (isCounted(timeline.versions[this.state.floor(timeline)]?.order)) least += 1;
      }
    }
    let most = least;
    for (const timeline of this.state.inMotionUntil(call.end)) {
      const floor = this.state.floor(timeline);
      const ceiling = timeline.begunBefore(call.end);
      if (!isCounted(timeline.versions[floor]?.order)) {
        if (timeline.some(floor + 1, ceiling, isCounted)) most += 1;
      } else if (timeline.some(floor + 1, ceiling, (order) => !isCounted(order))) least -= 1;
    }
    if (count <= most && (count >= least || !isExact)) return;
    const bounds = least === most ? `${least}` : `${least} to ${most}`;
    const write = this.lastAcknowledged(call.start, isCounted);
    this.report('stale', `the number of ${JSON.stringify(filter)} is ${count} instead of ${bounds}`, [
      ...(write ? [write] : []),
      call,
    ]);
  }

  /** The last write acknowledged before `time` that changed the number of these orders. */
  private lastAcknowledged(time: number, isCounted: (order: Listable | undefined) => boolean): Call | undefined {
    let last: Call | undefined;
    for (const { versions } of this.timelines.values()) {
      for (const { number, order, acknowledged, write } of versions) {
        const touches = isCounted(order) !== isCounted(versions[number - 1]?.order);
        if (write && touches && acknowledged < time && write.end > (last?.end ?? -Infinity)) last = write;
      }
    }
    return last;
  }

  private report(rule: Rule, what: string, calls: readonly Call[]): void {
    this.violations.push({ rule, what, calls });
  }
}

/**
 * Whether the order had to be on the page, at every moment between the start and the end of the call.
 *
 * @param floor the oldest version that the page may show
 * @param last the sort key of the last order on the page
 */
function mustBeOn({ call, asked, came }: Page, timeline: Timeline, floor: number, last: string | undefined): boolean {
  const { list, after } = asked;
  const mustShow = (order: Listable | undefined): boolean => {
    if (!order || !isIn(order, list)) return false;
    const key = sortKey(order, list.sort);
    if (after && !comesBefore(sortKey(after, list.sort), key, list.sort)) return false;
    return came.isLast || (last !== undefined && !comesBefore(last, key, list.sort));
  };
  return timeline.every(floor, timeline.begunBefore(call.end), mustShow);
}

function describe(timeline: Timeline, version: number): string {
  const status = timeline.versions[version]?.status ?? 'not there';
  return `version ${version} of ${timeline.id} (${status})`;
}
