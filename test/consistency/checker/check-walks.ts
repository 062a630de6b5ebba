import type { Asked, Call, Came } from '../history/call.js';
import { isIn, sortKey, type Listable } from '../history/list-order.js';
import type { Timeline } from './timeline.js';
import type { Violation } from './violation.js';

/** A request for a page of a list, with its response. */
export interface Page {
  readonly call: Call;
  readonly asked: Extract<Asked, { kind: 'page' }>;
  readonly came: Extract<Came, { kind: 'page' }>;
}

/** The pages of one list, each requested by the cursor of the page before. */
export type Walk = readonly Page[];

/** Checks that a walk through a list shows no order twice in one place and lacks no order that was in one place all the time. */
export function checkWalks(walks: readonly Walk[], timelines: readonly Timeline[]): Violation[] {
  return walks.flatMap((walk) => [...doubled(walk), ...missed(walk, timelines)]);
}

function doubled(walk: Walk): Violation[] {
  const violations: Violation[] = [];
  const shownBy = new Map<string, Call>();
  for (const { call, asked, came } of walk) {
    for (const item of came.items) {
      // A change may move an order to a place that is still to be read.
      const place = sortKey(item, asked.list.sort);
      const earlier = shownBy.get(place);
      if (earlier && earlier !== call) {
        violations.push({ rule: 'paging', what: `${item.id} is on two pages`, calls: [earlier, call] });
      }
      shownBy.set(place, call);
    }
  }
  return violations;
}

function missed(walk: Walk, timelines: readonly Timeline[]): Violation[] {
  const first = walk[0];
  const last = walk.at(-1);
  // A walk that stopped early has not reached all orders.
  if (!first || !last?.came.isLast || first.asked.after) return [];

  const { list } = first.asked;
  const shown = new Set(walk.flatMap(({ came }) => came.items.map(({ id }) => id)));
  const wasInIt = (timeline: Timeline): boolean => {
    const earliest = timeline.acknowledgedBefore(first.call.start);
    const { order } = timeline.versions[earliest] ?? {};
    const isThere = (other: Listable | undefined): boolean =>
      other !== undefined && isIn(other, list) && sortKey(other, list.sort) === (order && sortKey(order, list.sort));
    return timeline.every(earliest, timeline.begunBefore(last.call.end), isThere);
  };
  return timelines
    .filter((timeline) => !shown.has(timeline.id) && wasInIt(timeline))
    .map(({ id }) => ({
      rule: 'paging',
      what: `${id} was in the list all the time but is on no page`,
      calls: walk.map(({ call }) => call),
    }));
}
