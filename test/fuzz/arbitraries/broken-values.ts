import fc from 'fast-check';
import { hostileName, hostileValue } from './hostile.js';

type Container = Record<string, unknown>;

/** Valid values with one change: a part is replaced, removed or added. Some are entirely different values. */
export function broken(good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const place = fc.nat({ max: 1_000 });
  return fc.oneof(
    { weight: 5, arbitrary: fc.tuple(good, place, hostileValue).map(([value, n, other]) => replaced(value, n, other)) },
    { weight: 2, arbitrary: fc.tuple(good, place).map(([value, n]) => replaced(value, n, undefined)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(good, place, hostileName, hostileValue)
        .map(([value, n, name, other]) => extended(value, n, name, other)),
    },
    { weight: 1, arbitrary: hostileValue },
  );
}

/** Replaces the n-th part of a value, modulo the number of its parts. `undefined` removes the part. */
function replaced(value: unknown, n: number, other: unknown): unknown {
  const copy = structuredClone(value);
  const places = containersOf(copy).flatMap((container) => Object.keys(container).map((name) => ({ container, name })));
  const place = places[n % places.length];
  if (!place) return other;
  if (other === undefined) Reflect.deleteProperty(place.container, place.name);
  else place.container[place.name] = other;
  return copy;
}

function extended(value: unknown, n: number, name: string, other: unknown): unknown {
  const copy = structuredClone(value);
  const containers = containersOf(copy);
  const container = containers[n % containers.length];
  if (!container) return other;
  // An assignment to __proto__ would not create a member.
  Object.defineProperty(container, name, { value: other, enumerable: true, configurable: true, writable: true });
  return copy;
}

function containersOf(value: unknown): Container[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Container, ...Object.values(value).flatMap(containersOf)];
}
