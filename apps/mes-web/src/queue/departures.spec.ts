import type { OrderDto } from '../api/client';
import { withDeparting } from './departures';

function orders(ids: string): OrderDto[] {
  return Array.from(ids).map((id) => ({ id }) as OrderDto);
}

describe('withDeparting', () => {
  it.each([
    ['nobody leaves', 'abc', 'abc', '', 'abc'],
    ['one in the middle leaves', 'abc', 'ac', 'b', 'abc'],
    ['the first one leaves', 'abc', 'bc', 'a', 'abc'],
    ['the last one leaves', 'abc', 'ab', 'c', 'abc'],
    ['several next to each other leave', 'abcd', 'ad', 'bc', 'abcd'],
    ['all leave', 'abc', '', 'abc', 'abc'],
    ['others come above', 'abc', 'xyac', 'b', 'xyabc'],
    ['one left long ago', 'abc', 'ac', '', 'ac'],
    ['one that leaves is still there', 'abc', 'abc', 'b', 'abc'],
    ['the list is another one', 'abc', 'xyz', 'b', 'bxyz'],
  ])('has everybody in their places when %s', (_, before, now, departing, shown) => {
    const found = withDeparting(orders(before), orders(now), new Set(departing));
    expect(found.map(({ id }) => id).join('')).toBe(shown);
  });
});
