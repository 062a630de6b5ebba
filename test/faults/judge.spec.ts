import type { Exchange } from '../consistency/workload/recorder.js';
import type { Hits } from './hits.js';
import { judgeAlerts, judgeAnswers, judgeHits } from './judge.js';
import type { FaultResult } from './run-fault.js';

const FAILURE: Exchange = {
  instance: 'api-1',
  path: '/api/v1/orders',
  start: 0,
  end: 10,
  status: 500,
  retryAfter: false,
  cache: undefined,
  watched: undefined,
};

function lost(number: number): Hits['lostByOthers'] {
  return { lost: Array.from({ length: number }, (_, i) => `api-2 /calm/${i}`), of: 80 };
}

describe('the judgement of a fault', () => {
  function result({ hits, ...changes }: Partial<Omit<FaultResult, 'hits'>> & { hits?: object } = {}): FaultResult {
    return {
      fault: { name: 'any', title: 'any', alerts: ['MesRedisFailing'], happen: () => Promise.resolve() },
      calls: 1,
      violations: [],
      wronglyFailed: [],
      failed: 0,
      longestExtra: 0,
      untilHits: 10,
      hits: { before: 0.98, meanwhile: 0, after: 0.9, others: 0.9, lostByOthers: lost(8), ...hits },
      monitoring: { alerts: ['MesEpochRenewed', 'MesRedisFailing'], inspections: 7 },
      ...changes,
    };
  }

  function judge(given: FaultResult): string[] {
    return [...judgeAnswers(given), ...judgeHits(given), ...judgeAlerts(given)];
  }

  it('has no complaints if all is well', () => {
    expect(judge(result())).toEqual([]);
  });

  it.each([
    ['a stale response', result({ violations: [{ rule: 'stale', what: 'it is old', calls: [] }] }), 'it is old'],
    ['a failure without need', result({ wronglyFailed: [FAILURE] }), 'answered /api/v1/orders with 500 after 10 ms'],
    ['a missing response', result({ wronglyFailed: [{ ...FAILURE, end: 20_000 }] }), 'had not answered'],
    ['too few hits before the fault', result({ hits: { before: 0.5 } }), 'before the fault, only 50 %'],
    ['an instance without a hit', result({ untilHits: Infinity }), 'no hit for Infinity ms'],
    ['too few hits after the fault', result({ hits: { after: 0.89 } }), 'after the fault, hits were 89 %'],
    ['too few hits at unaffected instances', result({ hits: { others: 0.5 } }), 'unaffected instance, hits were 50 %'],
    [
      'too many losses at unaffected instances',
      result({ hits: { lostByOthers: lost(9) } }),
      'lost 9 of 80 cached responses: api-2 /calm/0, api-2 /calm/1,',
    ],
    [
      'an alert that did not fire',
      result({ monitoring: { alerts: ['MesEpochRenewed'], inspections: 7 } }),
      'did not fire: MesRedisFailing',
    ],
    [
      'an inspection that found a stale response',
      result({ monitoring: { alerts: ['MesInspectorMismatch', 'MesRedisFailing'], inspections: 7 } }),
      'found a stale response',
    ],
    [
      'a fault without an inspection',
      result({ monitoring: { alerts: ['MesRedisFailing'], inspections: 0 } }),
      'no hit was',
    ],
  ])('reports %s', (_, given, complaint) => {
    expect(judge(given)).toEqual([expect.stringContaining(complaint)]);
  });

  it('reports hits that stop during a fault that keeps hits possible', () => {
    const { fault } = result();
    expect(judge(result({ fault: { ...fault, keepsHits: true } }))).toEqual([
      expect.stringContaining('during the fault'),
    ]);
  });

  it('reports an alert although nothing is wrong', () => {
    const { fault } = result();
    expect(judge(result({ fault: { ...fault, alerts: [] } }))).toEqual([
      'alerts fired for nothing: MesEpochRenewed, MesRedisFailing',
    ]);
  });

  it('allows a client to be shown an older version than before', () => {
    expect(judge(result({ violations: [{ rule: 'backwards', what: 'it goes back', calls: [] }] }))).toEqual([]);
  });
});
