import type { Call } from '../history/call.js';
import type { Timeline } from './timeline.js';
import type { Violation } from './violation.js';

/** Checks that every acknowledged write is stored as the version in its response, and that no two writes share a version. */
export function checkWrites(calls: readonly Call[], timelines: ReadonlyMap<string, Timeline>): Violation[] {
  const violations: Violation[] = [];
  const makers = new Map<string, Call>();
  for (const call of calls) {
    const { mark, came } = call;
    if (mark === undefined || came.kind !== 'order') continue;
    const { id, version } = came.order;
    const name = `version ${version} of ${id}`;

    const other = makers.get(name);
    if (other) violations.push({ rule: 'taken-twice', what: `${name} was made twice`, calls: [other, call] });
    else makers.set(name, call);

    const stored = timelines.get(id);
    const storedMark = version === 1 ? stored?.order.mark : stored?.order.changes[version - 2]?.mark;
    if (storedMark !== mark) violations.push({ rule: 'lost', what: `${name} is not stored`, calls: [call] });
  }
  return violations;
}
