import type { Asked, Call, Came } from '../history/call.js';
import { mayBeIn } from '../history/list-order.js';
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

/** Checks that a walk through a list shows no order twice and lacks no order that was in the list all the time. */
export function checkWalks(walks: readonly Walk[], timelines: readonly Timeline[]): Violation[] {
  return walks.flatMap((walk) => [...doubled(walk), ...missed(walk, timelines)]);
}

function doubled(walk: Walk): Violation[] {
  const violations: Violation[] = [];
  const shownBy = new Map<string, Call>();
  for (const { call, came } of walk) {
    for (const { id } of came.items) {
      const earlier = shownBy.get(id);
      if (earlier && earlier !== call) {
        violations.push({ rule: 'paging', what: `${id} is on two pages`, calls: [earlier, call] });
      }
      shownBy.set(id, call);
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
  const wasInIt = (timeline: Timeline): boolean =>
    mayBeIn(timeline.order, list) &&
    timeline.every(
      timeline.acknowledgedBefore(first.call.start),
      timeline.begunBefore(last.call.end),
      (status) => status !== undefined && (list.statuses?.includes(status) ?? true),
    );
  return timelines
    .filter((timeline) => !shown.has(timeline.order.id) && wasInIt(timeline))
    .map(({ order }) => ({
      rule: 'paging',
      what: `${order.id} was in the list all the time but is on no page`,
      calls: walk.map(({ call }) => call),
    }));
}
