import { assigneeAfter, nextStatuses, ORDER_STATUSES, TRANSITIONS, transitionsTo } from './order-status.js';

describe('the transition table', () => {
  it('has each transition once, and none from a status to itself', () => {
    const steps = TRANSITIONS.map(({ from, to }) => `${from} -> ${to}`);
    expect(new Set(steps).size).toBe(steps.length);
    expect(TRANSITIONS.filter(({ from, to }) => from === to)).toEqual([]);
  });

  it('reaches every status from NEW', () => {
    const reached = new Set<string>(['NEW']);
    for (const status of reached) for (const { from, to } of TRANSITIONS) if (from === status) reached.add(to);
    expect([...reached].sort()).toEqual([...ORDER_STATUSES].sort());
  });

  it('has only CLOSED and CANCELLED as final statuses', () => {
    expect(ORDER_STATUSES.filter((status) => nextStatuses({ status, previousStatus: 'NEW' }).length === 0)).toEqual([
      'CLOSED',
      'CANCELLED',
    ]);
  });

  it.each([
    ['NEW', ['NEW', 'CANCELLED']],
    ['MANUFACTURING_STARTED', ['MANUFACTURING_STARTED', 'CANCELLED']],
    [undefined, ['CANCELLED']],
  ] as const)('permits an order on hold whose previous status was %s to change to %j', (previousStatus, next) => {
    expect(nextStatuses({ status: 'ON_HOLD', previousStatus })).toEqual(next);
  });

  it('gives the same transitions by source and by target', () => {
    const backwards = ORDER_STATUSES.flatMap((status) => transitionsTo(status));
    expect(new Set(backwards)).toEqual(new Set(TRANSITIONS));
  });

  it.each([
    ['NEW', ['CANCELLED']],
    ['MANUFACTURING_STARTED', []],
    ['ON_HOLD', []],
  ] as const)('permits a partner to change its %s order to %j', (status, next) => {
    expect(nextStatuses({ status, previousStatus: 'NEW' }, 'creator')).toEqual(next);
  });

  it('assigns nobody to an order exactly when it goes back to the queue', () => {
    const released = TRANSITIONS.filter(({ releases }) => releases).map(({ from, to }) => `${from} -> ${to}`);
    expect(released).toEqual(['MANUFACTURING_STARTED -> NEW']);
  });

  it('gives the assignee after each transition: the caller, nobody, or the same as before', () => {
    const after = TRANSITIONS.map((step) => [`${step.from} -> ${step.to}`, assigneeAfter(step, 'ann', 'bob')]);
    expect(after.filter(([, assignee]) => assignee !== 'bob')).toEqual([
      ['NEW -> MANUFACTURING_STARTED', 'ann'],
      ['MANUFACTURING_STARTED -> NEW', undefined],
      ['MANUFACTURING_COMPLETED -> MANUFACTURING_STARTED', 'ann'],
    ]);
  });

  it('assigns on every transition into work except the one back from hold', () => {
    const takes = transitionsTo('MANUFACTURING_STARTED').map(({ from, takes }) => [from, takes === true]);
    expect(Object.fromEntries(takes)).toEqual({ NEW: true, MANUFACTURING_COMPLETED: true, ON_HOLD: false });
    expect(TRANSITIONS.filter(({ to, takes }) => takes && to !== 'MANUFACTURING_STARTED')).toEqual([]);
  });
});
