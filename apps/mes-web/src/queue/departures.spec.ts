import type { OrderDto } from '../api/client';
import { neighbourOf, reasonOf } from './departures';

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
