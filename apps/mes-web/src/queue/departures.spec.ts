import type { OrderDto } from '../api/client';
import { withDeparting } from './departures';

function orders(ids: string): OrderDto[] {
  return Array.from(ids).map((id) => ({ id }) as OrderDto);
}

describe('withDeparting', () => {
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
  ])('keeps every order in its place when %s', (_, before, now, departing, shown) => {
    const found = withDeparting(orders(before), orders(now), new Set(departing));
    expect(found.map(({ id }) => id).join('')).toBe(shown);
  });
});
