import { nextStatuses, ORDER_STATUSES, TRANSITIONS, transitionsTo } from './order-status.js';

describe('the transition table', () => {
  it('has each step once, and none that leads nowhere', () => {
    const steps = TRANSITIONS.map(({ from, to }) => `${from} -> ${to}`);
    expect(new Set(steps).size).toBe(steps.length);
    expect(TRANSITIONS.filter(({ from, to }) => from === to)).toEqual([]);
  });

  it('leads from NEW to every status', () => {
    const reached = new Set<string>(['NEW']);
    for (const status of reached) for (const { from, to } of TRANSITIONS) if (from === status) reached.add(to);
    expect([...reached].sort()).toEqual([...ORDER_STATUSES].sort());
  });

  it('ends in CLOSED and CANCELLED, and nowhere else', () => {
    expect(ORDER_STATUSES.filter((status) => nextStatuses({ status, previousStatus: 'NEW' }).length === 0)).toEqual([
      'CLOSED',
      'CANCELLED',
    ]);
  });

  it.each([
    ['NEW', ['NEW', 'CANCELLED']],
    ['MANUFACTURING_STARTED', ['MANUFACTURING_STARTED', 'CANCELLED']],
    [undefined, ['CANCELLED']],
  ] as const)('lets an order on hold that was %s go on to %j', (previousStatus, next) => {
    expect(nextStatuses({ status: 'ON_HOLD', previousStatus })).toEqual(next);
  });

  it('reads the same forwards and backwards', () => {
    const backwards = ORDER_STATUSES.flatMap((status) => transitionsTo(status));
    expect(new Set(backwards)).toEqual(new Set(TRANSITIONS));
  });

  it('assigns on every way into work but the one back from hold', () => {
    const takes = transitionsTo('MANUFACTURING_STARTED').map(({ from, takes }) => [from, takes === true]);
    expect(Object.fromEntries(takes)).toEqual({ NEW: true, MANUFACTURING_COMPLETED: true, ON_HOLD: false });
    expect(TRANSITIONS.filter(({ to, takes }) => takes && to !== 'MANUFACTURING_STARTED')).toEqual([]);
  });
});
