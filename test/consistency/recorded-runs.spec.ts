import { checkHistory } from './checker/check-history.js';
import type { Rule } from './checker/violation.js';
import { order, WrittenHistory } from './checker/written-history.js';
import type { RecordedRun, StoredOrder } from './history/stored-order.js';
import { NOTICED_WITHIN_MS, recordedRuns } from './recorded-runs.js';

const BEGAN = 100;
const ENDED = 200;
const NOTICED = ENDED + NOTICED_WITHIN_MS;

describe('a history with a replaced database', () => {
  /** A client creates and moves order 1. Then the database is put back to its state before the move. */
  function history(): WrittenHistory {
    return new WrittenHistory().creates('writer', [10, 20], '1').moves('writer', [30, 40], '1', 'ON_HOLD');
  }

  function rules(run: RecordedRun): Rule[] {
    const [moved] = run.after;
    if (!moved) throw new Error('there is no order');
    const restored: StoredOrder = { ...moved, version: 1, changes: [] };
    const replacement = { began: BEGAN, ended: ENDED, before: [moved], after: [restored] };
    const runs = recordedRuns({ calls: run.calls, before: [], after: [restored] }, replacement);
    return runs.flatMap((part) => checkHistory(part).violations.map(({ rule }) => rule));
  }

  it('may show the restored state after the time limit for noticing it', () => {
    const seen = history().sees('reader', [NOTICED + 1, NOTICED + 2], order('1'));
    expect(rules(seen.recorded())).toEqual([]);
  });

  it('may show the replaced state until the time limit for noticing the restore', () => {
    const seen = history().sees('reader', [ENDED + 1, ENDED + 2], order('1', 2, 'ON_HOLD'));
    expect(rules(seen.recorded())).toEqual([]);
  });

  it('may not show the replaced state after that time limit', () => {
    const seen = history().sees('reader', [NOTICED + 1, NOTICED + 2], order('1', 2, 'ON_HOLD'));
    expect(rules(seen.recorded())).toEqual(['invented']);
  });

  it('may not show a stale state before the replacement', () => {
    const seen = history().sees('reader', [50, 60], order('1'));
    expect(rules(seen.recorded())).toEqual(['stale']);
  });
});
