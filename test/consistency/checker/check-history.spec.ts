import { checkHistory } from './check-history.js';
import type { SeenOrder } from '../history/call.js';
import type { Rule } from './violation.js';
import { order, WrittenHistory } from './written-history.js';

/** The rules that a history breaks, each with the clients in its shortest counterexample. */
function broken(history: WrittenHistory): [Rule, ...string[]][] {
  const { violations } = checkHistory(history.recorded());
  return violations.map(({ rule, calls }) => [rule, ...calls.map(({ client }) => client)]);
}

const STARTED = 'MANUFACTURING_STARTED';
const BY_PRIORITY = { sort: '-priority', limit: 1 } as const;

describe('a history', () => {
  describe('shows nothing stale if it', () => {
    it.each<[string, WrittenHistory]>([
      ['is empty', new WrittenHistory()],
      [
        'has reads that began before the write was acknowledged',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .misses('a', [5, 20], '1')
          .lists('b', [5, 20], [])
          .counts('c', [5, 20], {}),
      ],
      [
        'has reads that showed the write before it was acknowledged',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .sees('a', [2, 3], order('1'))
          .lists('b', [2, 3], [order('1')])
          .counts('c', [2, 3], { NEW: 1 }),
      ],
      [
        'has counts that showed a write which began after the counts were requested',
        new WrittenHistory().counts('a', [0, 20], { NEW: 1 }).counts('b', [0, 20], {}).creates('writer', [5, 10], '1'),
      ],
      [
        'has one reader that was shown an unacknowledged write and another that was not',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .moves('taker', [20, 30], '1', STARTED)
          .sees('a', [22, 23], order('1', 2, STARTED))
          .sees('b', [24, 25], order('1')),
      ],
      [
        'has a write of unknown outcome that no reader is shown',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .moves('taker', [20, 30], '1', STARTED, 'unknown, not done')
          .sees('a', [40, 50], order('1'))
          .lists('b', [40, 50], [order('1')])
          .counts('c', [40, 50], { NEW: 1 }),
      ],
      [
        'has a write of unknown outcome that takes effect much later',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .moves('taker', [20, 30], '1', STARTED, 'unknown')
          .sees('a', [40, 50], order('1'))
          .counts('c', [40, 50], { NEW: 1 })
          .sees('a', [60, 70], order('1', 2, STARTED))
          .lists('b', [60, 70], [])
          .counts('c', [60, 70], { [STARTED]: 1 }),
      ],
      [
        'has a creation of unknown outcome that took effect',
        new WrittenHistory()
          .creates('writer', [0, 10], '1', 'unknown')
          .misses('a', [20, 30], '1')
          .lists('b', [20, 30], [])
          .sees('a', [40, 50], order('1')),
      ],
      [
        'has a page that ends before the order',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .creates('writer', [20, 30], '2')
          .lists('a', [40, 50], [order('2')], { list: { limit: 1 }, isLast: false }),
      ],
      [
        'has a page that begins after the order',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .creates('writer', [20, 30], '2')
          .lists('a', [40, 50], [order('1')], { list: { limit: 1 }, after: order('2') }),
      ],
      [
        'has a list of other orders',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .lists('a', [20, 30], [], { list: { priorities: ['URGENT'] } })
          .lists('a', [40, 50], [], { list: { statuses: [STARTED] } })
          .lists('a', [60, 70], [], { list: { createdBy: 'partner-2' } }),
      ],
      [
        'has an order that left the list and may not have returned yet',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .moves('taker', [20, 30], '1', 'ON_HOLD')
          .moves('taker', [40, 60], '1', 'NEW')
          .lists('a', [35, 50], []),
      ],
      [
        'has an order that a change puts on the list and another one may have put off it again',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .edits('editor', [20, 30], '1', { priority: 'URGENT' })
          .edits('editor', [40, 60], '1', { priority: 'LOW' })
          .lists('a', [35, 50], [], { list: { priorities: ['URGENT'] } })
          .totals('b', [35, 50], { priorities: ['URGENT'] }, { count: 0, isExact: true, byPriority: { URGENT: 0 } }),
      ],
      [
        'has an order that moves to a place of the list which a client has read already',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .creates('writer', [0, 10], '2')
          .lists('a', [20, 30], [order('1')], { walk: 'w', list: BY_PRIORITY, isLast: false })
          .edits('editor', [40, 50], '2', { priority: 'URGENT' })
          .lists('a', [60, 70], [], { walk: 'w', list: BY_PRIORITY, after: order('1') }),
      ],
      [
        'has an order that moves to a place of the list which a client has yet to read',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .lists('a', [20, 30], [order('1')], { walk: 'w', list: BY_PRIORITY, isLast: false })
          .edits('editor', [40, 50], '1', { priority: 'LOW' })
          .lists('a', [60, 70], [{ ...order('1', 2), priority: 'LOW' }], {
            walk: 'w',
            list: BY_PRIORITY,
            after: order('1'),
          }),
      ],
      [
        'has a write that was repeated',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .moves('taker', [20, 30], '1', STARTED)
          .repeats('taker', [31, 40]),
      ],
      [
        'has numbers of the dashboard that fit',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .edits('editor', [20, 30], '1', { dueAt: '2031-05-17T23:59:59.999Z', priority: 'URGENT' })
          .dues('a', [31, 40], [{ status: 'NEW', priority: 'URGENT', overdue: 0, dueSoon: 1 }])
          .moves('taker', [50, 60], '1', STARTED)
          .edits('editor', [70, 80], '1', { assignee: 'bob' })
          .dues('a', [81, 90], [{ status: STARTED, priority: 'URGENT', overdue: 0, dueSoon: 1 }])
          .workloads('a', [81, 90], { bob: 1 }),
      ],
      [
        'has a total that is not exact',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .creates('writer', [0, 10], '2')
          .totals('a', [20, 30], {}, { count: 1, isExact: false }),
      ],
      [
        'has an order that joins the list while a client reads its pages',
        new WrittenHistory()
          .creates('writer', [0, 10], '1')
          .lists('a', [20, 30], [order('1')], { walk: 'w', list: { limit: 1 }, isLast: false })
          .creates('writer', [40, 50], '2')
          .lists('a', [60, 70], [], { walk: 'w', list: { limit: 1 }, after: order('1') }),
      ],
    ])('%s', (_, history) => {
      expect(broken(history)).toEqual([]);
    });
  });

  describe('is stale', () => {
    const created = (): WrittenHistory => new WrittenHistory().creates('writer', [0, 10], '1');
    const taken = (): WrittenHistory => created().moves('taker', [20, 30], '1', STARTED);
    const edited = (): WrittenHistory =>
      created().edits('editor', [20, 30], '1', { priority: 'URGENT', assignee: 'bob' });

    it.each<[string, WrittenHistory]>([
      ['a created order is missing', created().misses('reader', [11, 20], '1')],
      ['a created order is missing from the list', created().lists('reader', [11, 20], [])],
      ['a created order is missing from the counts', created().counts('reader', [11, 20], {})],
    ])('because %s', (_, history) => {
      expect(broken(history)).toEqual([['stale', 'writer', 'reader']]);
    });

    it.each<[string, WrittenHistory]>([
      ['the order is unchanged', taken().sees('reader', [31, 40], order('1'))],
      ['its history lacks the change', taken().seesHistory('reader', [31, 40], '1', 1)],
      ['a conflict reports an older version', taken().isRefused('reader', [31, 40], '1', 1)],
      ['the order is still on its old list', taken().lists('reader', [31, 40], [order('1')])],
      [
        'the order is missing from its new list',
        taken().lists('reader', [31, 40], [], { list: { statuses: [STARTED] } }),
      ],
      [
        'the order is missing from a list of both statuses',
        taken().lists('reader', [31, 40], [], { list: { statuses: ['NEW', STARTED] } }),
      ],
    ])('because %s after a status change', (_, history) => {
      expect(broken(history)).toEqual([['stale', 'taker', 'reader']]);
    });

    it.each<[string, WrittenHistory]>([
      [
        'is missing from the list that it has joined',
        edited().lists('reader', [31, 40], [], { list: { priorities: ['URGENT'] } }),
      ],
      [
        'is missing from the list of its new assignee',
        edited().lists('reader', [31, 40], [], { list: { assignees: ['bob'] } }),
      ],
      ['is listed as it was', edited().lists('reader', [31, 40], [order('1')])],
      [
        'is missing from the total that it has joined',
        edited().totals('reader', [31, 40], { assignees: ['bob'] }, { count: 0, isExact: true }),
      ],
      [
        'is missing from a part of the total',
        edited().totals('reader', [31, 40], {}, { count: 1, isExact: true, byPriority: { URGENT: 0 } }),
      ],
    ])('because an order %s after a change of its fields', (_, history) => {
      expect(broken(history)).toEqual([['stale', 'editor', 'reader']]);
    });

    const due = (overdue: number, dueSoon: number, priority: 'NORMAL' | 'URGENT' = 'NORMAL') => [
      { status: 'NEW' as const, priority, overdue, dueSoon },
    ];
    const dueAt = (time: string): WrittenHistory =>
      created().edits('editor', [20, 30], '1', { dueAt: `2031-05-${time}:00.000Z` });

    it.each<[string, WrittenHistory]>([
      ['overdue', dueAt('16T23:59').dues('reader', [31, 40], [])],
      ['due soon', dueAt('17T00:00').dues('reader', [31, 40], [])],
      ['no longer overdue', dueAt('17T00:00').dues('reader', [31, 40], due(1, 1))],
      ['no longer due soon', dueAt('18T00:00').dues('reader', [31, 40], due(0, 1))],
      ['working on it', edited().workloads('reader', [31, 40], { bob: 1 })],
    ])('because the dashboard lacks a change that makes an order or somebody %s', (_, history) => {
      expect(new Set(broken(history).map(([rule]) => rule))).toEqual(new Set(['stale']));
    });

    it('because the dashboard shows an order with the operator who had it before', () => {
      const history = taken()
        .edits('editor', [40, 50], '1', { assignee: 'bob' })
        .workloads('reader', [51, 60], { ann: 1 });
      expect(broken(history)).toEqual([['stale', 'reader']]);
    });

    it('because one of several orders is unchanged', () => {
      const history = created()
        .creates('writer', [0, 10], '2')
        .movesSeveral('taker', [20, 30], ['1', '2'], 'ON_HOLD', { id: '2', version: 1 })
        .sees('reader', [31, 40], order('1'))
        .sees('reader', [31, 40], order('2'));
      expect(broken(history)).toEqual([['stale', 'taker', 'reader']]);
    });

    it('because one of several orders is refused with an older version', () => {
      const history = taken().creates('writer', [0, 10], '2');
      expect(broken(history.movesSeveral('other', [40, 50], ['1', '2'], STARTED, { id: '1', version: 1 }))).toEqual([
        ['stale', 'taker', 'other'],
      ]);
    });

    it('because the counts lack a status change', () => {
      expect(broken(taken().counts('reader', [31, 40], { NEW: 1 }))).toEqual([
        ['stale', 'taker', 'reader'],
        ['stale', 'taker', 'reader'],
      ]);
    });

    it('because a later write proves that an earlier write of unknown outcome took effect', () => {
      const history = created()
        .moves('unlucky', [20, 30], '1', 'ON_HOLD', 'unknown')
        .moves('taker', [40, 50], '1', 'NEW')
        .sees('reader', [51, 60], order('1', 2, 'ON_HOLD'));
      expect(broken(history)).toEqual([['stale', 'taker', 'reader']]);
    });

    it('because an order is missing between two others on a page that is not the last', () => {
      const history = created()
        .creates('writer-2', [20, 30], '2')
        .creates('writer-3', [40, 50], '3')
        .lists('reader', [60, 70], [order('3'), order('1')], { list: { limit: 2 }, isLast: false });
      expect(broken(history)).toEqual([['stale', 'writer-2', 'reader']]);
    });

    it('because an order from before the first call is missing', () => {
      const { after } = created().recorded();
      const { calls } = new WrittenHistory().lists('reader', [20, 30], []).recorded();
      const { violations } = checkHistory({ calls, before: new Map([['1', 1]]), after });
      expect(violations.map(({ rule }) => rule)).toEqual(['stale']);
    });
  });

  describe('goes back for one client', () => {
    const underWay = (): WrittenHistory =>
      new WrittenHistory().creates('writer', [0, 10], '1').moves('taker', [20, 100], '1', STARTED);

    it.each<[string, WrittenHistory]>([
      [
        'from one response for an order to the next',
        underWay()
          .sees('a', [30, 40], order('1', 2, STARTED))
          .sees('a', [41, 50], order('1')),
      ],
      [
        'from an order to a list with an older version',
        underWay()
          .sees('a', [30, 40], order('1', 2, STARTED))
          .lists('a', [41, 50], [order('1')]),
      ],
      [
        'from a list to the history of an order',
        underWay()
          .lists('a', [30, 40], [order('1', 2, STARTED)], { list: { statuses: [STARTED] } })
          .seesHistory('a', [41, 50], '1', 1),
      ],
      [
        'from an order to a list that lacks it',
        underWay()
          .sees('a', [30, 40], order('1', 2, STARTED))
          .lists('a', [41, 50], [], { list: { statuses: [STARTED] } }),
      ],
      [
        'because an order disappears',
        new WrittenHistory()
          .creates('writer', [0, 100], '1')
          .sees('a', [30, 40], order('1'))
          .misses('a', [41, 50], '1'),
      ],
    ])('%s', (_, history) => {
      expect(broken(history)).toEqual([['backwards', 'a', 'a']]);
    });
  });

  describe('loses a write', () => {
    it('that created an order', () => {
      expect(broken(new WrittenHistory().creates('writer', [0, 10], '1').loses('1'))).toEqual(
        expect.arrayContaining([['lost', 'writer']]),
      );
    });

    it('that changed one', () => {
      const history = new WrittenHistory()
        .creates('writer', [0, 10], '1')
        .isToldOfMove('taker', [20, 30], '1', 2, STARTED);
      expect(broken(history)).toEqual(expect.arrayContaining([['lost', 'taker']]));
    });
  });

  it('is reported if two operators are told that they made the same change', () => {
    const history = new WrittenHistory()
      .creates('writer', [0, 10], '1')
      .moves('first', [20, 30], '1', STARTED)
      .isToldOfMove('second', [20, 30], '1', 2, STARTED);
    expect(broken(history)).toEqual(expect.arrayContaining([['taken-twice', 'first', 'second']]));
  });

  describe('shows invented data:', () => {
    const created = (): WrittenHistory => new WrittenHistory().creates('writer', [0, 10], '1');

    it('an order that was never created', () => {
      expect(broken(created().sees('a', [20, 30], order('2')))).toEqual([['invented', 'a']]);
    });

    it('a version that no client had requested yet', () => {
      const history = created()
        .sees('a', [20, 30], order('1', 2, STARTED))
        .moves('taker', [40, 50], '1', STARTED);
      expect(broken(history)).toEqual([['invented', 'a', 'taker']]);
    });

    it('a version with a status that it never had', () => {
      expect(broken(created().sees('a', [20, 30], order('1', 1, 'CLOSED')))).toEqual([['invented', 'a']]);
    });

    it.each<Partial<SeenOrder>>([
      { priority: 'LOW' },
      { dueAt: '2031-02-01T00:00:00.000Z' },
      { assignee: 'bob' },
      { holdReason: 'BREAK' },
    ])('a version with values that it never had: %j', (values) => {
      expect(broken(created().sees('a', [20, 30], { ...order('1'), ...values }))).toEqual([['invented', 'a']]);
    });

    it('an order on a list that it does not belong to', () => {
      const history = created().lists('a', [20, 30], [order('1')], { list: { priorities: ['URGENT'] } });
      expect(broken(history)).toEqual([['invented', 'a']]);
    });

    it('a count of more orders than there can have been', () => {
      expect(broken(created().counts('a', [20, 30], { NEW: 2 }))).toEqual([['stale', 'writer', 'a']]);
    });
  });

  describe('has wrong pages', () => {
    const two = (): WrittenHistory =>
      new WrittenHistory().creates('writer', [0, 10], '1').creates('writer', [20, 30], '2');
    const walk = { walk: 'w', list: { limit: 1 } };

    it('because an order is on two pages', () => {
      const history = two()
        .lists('a', [40, 50], [order('2')], { ...walk, isLast: false })
        .lists('a', [60, 70], [order('2'), order('1')], { ...walk, after: order('2') });
      expect(broken(history)).toContainEqual(['paging', 'a', 'a']);
    });

    it('because an order is on one page twice', () => {
      expect(broken(two().lists('a', [40, 50], [order('2'), order('2'), order('1')]))).toEqual([['paging', 'a']]);
    });

    it('because orders are sorted wrongly', () => {
      expect(broken(two().lists('a', [40, 50], [order('1'), order('2')]))).toEqual([['paging', 'a']]);
    });

    it('because they lack an order that was in the list all the time', () => {
      const history = two()
        .creates('writer', [31, 35], '3')
        .lists('a', [40, 50], [order('3')], { ...walk, isLast: false })
        .lists('a', [60, 70], [order('1')], { ...walk, after: order('3') });
      expect(broken(history)).toContainEqual(['paging', 'a', 'a']);
    });
  });

  it('is counted: calls, writes and everything that was checked', () => {
    const { checked } = checkHistory(
      new WrittenHistory()
        .creates('writer', [0, 10], '1')
        .moves('taker', [20, 30], '1', STARTED, 'unknown, not done')
        .lists('a', [40, 50], [order('1')], { walk: 'w' })
        .counts('b', [40, 50], { NEW: 1 })
        .totals('b', [60, 70], {}, { count: 1, isExact: true })
        .recorded(),
    );
    expect(checked).toEqual({
      ...{ calls: 5, writes: 2, unknownOutcomes: 1, orders: 1 },
      // One in the response to the creation, and one on the page.
      ...{ sights: 2, pages: 1, presences: 1, walks: 1, counts: 1, totals: 1 },
    });
  });
});
