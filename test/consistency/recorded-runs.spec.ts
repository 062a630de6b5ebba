import { checkHistory } from './checker/check-history.js';
import type { Rule } from './checker/violation.js';
import { order, WrittenHistory } from './checker/written-history.js';
import type { RecordedRun, StoredOrder } from './history/stored-order.js';
import { NOTICED_WITHIN_MS, recordedRuns } from './recorded-runs.js';

const BEGAN = 100;
const ENDED = 200;
const NOTICED = ENDED + NOTICED_WITHIN_MS;

describe('a history in which the database was replaced', () => {
  /** Order 1 was created and moved before; then the database is again as it was before the move. */
  function history(): WrittenHistory {
    return new WrittenHistory().creates('writer', [10, 20], '1').moves('writer', [30, 40], '1', 'ON_HOLD');
  }

  function rules(run: RecordedRun): Rule[] {
    const [moved] = run.after;
    if (!moved) throw new Error('there is no order');
    const restored: StoredOrder = { ...moved, status: 'NEW', version: 1, changes: [] };
    const replacement = { began: BEGAN, ended: ENDED, before: [moved], after: [restored] };
    const runs = recordedRuns({ calls: run.calls, before: [], after: [restored] }, replacement);
    return runs.flatMap((part) => checkHistory(part).violations.map(({ rule }) => rule));
  }

  it('may show, after it must have been noticed, what is stored now', () => {
    const seen = history().sees('reader', [NOTICED + 1, NOTICED + 2], order('1'));
    expect(rules(seen.recorded())).toEqual([]);
  });

  it('may show what was stored before for a while', () => {
    const seen = history().sees('reader', [ENDED + 1, ENDED + 2], order('1', 2, 'ON_HOLD'));
    expect(rules(seen.recorded())).toEqual([]);
  });

  it('may not show later what was stored before', () => {
    const seen = history().sees('reader', [NOTICED + 1, NOTICED + 2], order('1', 2, 'ON_HOLD'));
    expect(rules(seen.recorded())).toEqual(['invented']);
  });

  it('may not show before it what is stale', () => {
    const seen = history().sees('reader', [50, 60], order('1'));
    expect(rules(seen.recorded())).toEqual(['stale']);
  });
});
