import type { OrderDto } from '../api/client';
import { departureBy, neighbourOf, reasonOf } from './departures';

function orders(ids: string): OrderDto[] {
  return Array.from(ids).map((id) => ({ id, version: 1 }) as OrderDto);
}

describe('the reason why an order cannot be taken', () => {
  const order = { id: 'a', version: 1 } as OrderDto;
  const departures = new Map([['a', { reason: { kind: 'taken-by', by: 'boris' } as const, version: 2 }]]);

  it('is none for an order in the list', () => {
    expect(reasonOf(order, new Map(), new Set())).toBeUndefined();
  });

  it('is known before the list shows it', () => {
    expect(reasonOf(order, departures, new Set())).toEqual({ kind: 'taken-by', by: 'boris' });
  });

  it('is kept when the order has left the list', () => {
    expect(reasonOf(order, departures, new Set('a'))).toEqual({ kind: 'taken-by', by: 'boris' });
  });

  it('is unknown when the order has left the list without an event', () => {
    expect(reasonOf(order, new Map(), new Set('a'))).toEqual({ kind: 'gone' });
  });

  it('is over when the order is back with a later version', () => {
    expect(reasonOf({ ...order, version: 3 }, departures, new Set())).toBeUndefined();
  });
});

describe('how an order leaves by a change of the user', () => {
  const order = { id: 'a', version: 1, status: 'NEW' } as OrderDto;
  const take = { order, to: 'MANUFACTURING_STARTED' } as const;
  const undo = { order, to: 'NEW' } as const;
  const edit = { order, field: 'priority', value: 'HIGH' } as const;
  const made = { kind: 'moved', version: 2 } as const;
  const taken = { kind: 'overtaken', status: 'MANUFACTURING_STARTED', by: 'boris', version: 2 } as const;
  const held = { kind: 'overtaken', status: 'ON_HOLD', version: 2 } as const;
  const edited = { kind: 'overtaken', status: 'NEW', version: 2 } as const;

  it.each([
    ['a step under way', take, { kind: 'taking' }],
    ['an undo under way', undo, { kind: 'changing' }],
    ['the change of a field under way', edit, { kind: 'changing' }],
  ])('is open for %s, whatever the version', (_, underWay, reason) => {
    const ended = { change: take, outcome: made };
    expect(departureBy({ underWay, ended })).toEqual({ reason, version: Infinity });
  });

  it.each([
    ['taken', take, made, { kind: 'yours' }],
    ['cancelled', { order, to: 'CANCELLED' } as const, made, { kind: 'gone', status: 'CANCELLED' }],
    ['taken by somebody else', take, taken, { kind: 'taken-by', by: 'boris' }],
    ['put on hold by somebody else', take, held, { kind: 'gone', status: 'ON_HOLD' }],
  ])('is known for one that was %s', (_, change, outcome, reason) => {
    expect(departureBy({ ended: { change, outcome } })).toEqual({ reason, version: 2 });
  });

  it.each([
    ['nothing is known of', {}],
    ['was given back', { ended: { change: undo, outcome: made } }],
    ['has another priority now', { ended: { change: edit, outcome: made } }],
    ['somebody else has changed meanwhile', { ended: { change: edit, outcome: edited } }],
  ])('is not at all for one that %s', (_, known) => {
    expect(departureBy(known)).toBeUndefined();
  });
});

describe('the neighbour of an order that leaves', () => {
  it.each([
    ['the next one', 'b', 'abc', 'ac', '', 'c'],
    ['the previous one at the end', 'c', 'abc', 'ab', '', 'b'],
    ['the next one that can be taken', 'b', 'abcd', 'abcd', 'bc', 'd'],
    ['the previous one if none below can be taken', 'b', 'abcd', 'abcd', 'bcd', 'a'],
    ['the next one that is still there', 'b', 'abcd', 'da', '', 'd'],
    ['nothing in an empty list', 'b', 'abc', '', '', undefined],
    ['nothing if none can be taken', 'b', 'abc', 'abc', 'abc', undefined],
    ['nothing for an order that was not there', 'x', 'ab', '', '', undefined],
  ])('is %s', (_, id, before, now, leaving, expected) => {
    expect(neighbourOf(id, orders(before), orders(now), (order) => !leaving.includes(order.id))).toBe(expected);
  });
});
