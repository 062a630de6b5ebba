import type { OrderDto } from '../api/client';
import { follow, hold, type CalmList } from './calm-list';

function orders(ids: string): OrderDto[] {
  return Array.from(ids).map((id) => ({ id }) as OrderDto);
}

function rowsOf(ids: string, hasMore = false, waiting = ''): CalmList {
  return { rows: orders(ids), waiting: new Set(waiting), left: new Set(), isChanged: false, hasMore };
}

function shown({ rows, waiting, left, isChanged }: CalmList): Record<string, unknown> {
  return {
    rows: rows.map(({ id }) => id).join(''),
    waiting: [...waiting].join(''),
    left: [...left].join(''),
    isChanged,
  };
}

describe('the rows that follow the list', () => {
  it.each([
    ['no order leaves', 'abc', 'abc', '', 'abc'],
    ['one in the middle leaves', 'abc', 'ac', 'b', 'abc'],
    ['the first one leaves', 'abc', 'bc', 'a', 'abc'],
    ['the last one leaves', 'abc', 'ab', 'c', 'abc'],
    ['several neighbours leave', 'abcd', 'ad', 'bc', 'abcd'],
    ['all leave', 'abc', '', 'abc', 'abc'],
    ['new ones arrive above', 'abc', 'xyac', 'b', 'xyabc'],
    ['one left long ago', 'abc', 'ac', '', 'ac'],
    ['a leaving one is still in the queue', 'abc', 'abc', 'b', 'abc'],
    ['the list is a different one', 'abc', 'xyz', 'b', 'bxyz'],
  ])('keep orders that are leaving in their places when %s', (_, before, now, lingering, expected) => {
    const list = follow(rowsOf(before), { orders: orders(now), hasMore: false }, new Set(lingering));
    expect(shown(list)).toMatchObject({ rows: expected, waiting: '', isChanged: false });
    expect([...list.left].every((id) => !now.includes(id))).toBe(true);
  });
});

describe('the rows that keep their places', () => {
  it.each([
    ['nothing happens', 'abc', 'abc', { rows: 'abc', waiting: '', left: '', isChanged: false }],
    ['orders arrive above', 'abc', 'xyabc', { rows: 'abc', waiting: 'xy', left: '', isChanged: true }],
    ['an order arrives between', 'abc', 'abxc', { rows: 'abc', waiting: 'x', left: '', isChanged: true }],
    ['an order arrives below', 'abc', 'abcx', { rows: 'abc', waiting: 'x', left: '', isChanged: true }],
    ['an order leaves', 'abc', 'ac', { rows: 'abc', waiting: '', left: 'b', isChanged: true }],
    ['all orders leave', 'abc', '', { rows: 'abc', waiting: '', left: 'abc', isChanged: true }],
    ['an order moves up', 'abc', 'cab', { rows: 'abc', waiting: '', left: '', isChanged: true }],
    ['all at once', 'abcd', 'dxac', { rows: 'abcd', waiting: 'x', left: 'b', isChanged: true }],
  ])('do so when %s', (_, before, now, expected) => {
    expect(shown(hold(rowsOf(before), { orders: orders(now), hasMore: false }))).toEqual(expected);
  });

  it('are followed by the next page', () => {
    expect(shown(hold(rowsOf('abc', true), { orders: orders('xabcde'), hasMore: true }))).toEqual({
      rows: 'abcde',
      waiting: 'x',
      left: '',
      isChanged: true,
    });
  });

  it('do not count waiting orders as a part of the next page', () => {
    expect(shown(hold(rowsOf('abc', true, 'x'), { orders: orders('abcxd'), hasMore: true }))).toEqual({
      rows: 'abcd',
      waiting: 'x',
      left: '',
      isChanged: true,
    });
  });

  it('are not marked as left when arrivals push them to a page that is not loaded', () => {
    expect(shown(hold(rowsOf('abcd', true), { orders: orders('xyab'), hasMore: true }))).toEqual({
      rows: 'abcd',
      waiting: 'xy',
      left: '',
      isChanged: true,
    });
  });

  it('show the newest state of their orders', () => {
    const renewed = orders('ab').map((order) => ({ ...order, priority: 'URGENT' as const }));
    expect(hold(rowsOf('ab'), { orders: renewed, hasMore: false }).rows).toEqual(renewed);
  });
});
