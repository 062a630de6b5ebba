import { ordersShown, type Call } from '../history/call.js';
import type { Timeline } from './timeline.js';
import type { Violation } from './violation.js';

/** Checks that every acknowledged write is stored as the version in its response, and that no two writes share a version. */
export function checkWrites(calls: readonly Call[], timelines: ReadonlyMap<string, Timeline>): Violation[] {
  const violations: Violation[] = [];
  const makers = new Map<string, Call>();
  for (const call of calls) {
    const { mark, came } = call;
    if (mark === undefined) continue;
    for (const { id, version } of ordersShown(came)) {
      const name = `version ${version} of ${id}`;

      const other = makers.get(name);
      if (!other) makers.set(name, call);
      // A repeated write is told of the version that it has made.
      else if (other.mark !== mark) {
        violations.push({ rule: 'taken-twice', what: `${name} was made twice`, calls: [other, call] });
      }

      const stored = timelines.get(id)?.stored;
      const storedMark = version === 1 ? stored?.mark : stored?.changes[version - 2]?.mark;
      if (storedMark !== mark) violations.push({ rule: 'lost', what: `${name} is not stored`, calls: [call] });
    }
  }
  return violations;
}
