/** Summary of the values of several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws {RangeError} if there are no values */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [below, above, min, max] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)], sorted[0], sorted.at(-1)];
  if (below === undefined || above === undefined || min === undefined || max === undefined) {
    throw new RangeError('nothing was measured');
  }
  return { median: (below + above) / 2, min, max };
}

/** The spread of each round's own ratio, so that a slow round does not distort it. */
export function ratioOf(numerators: readonly number[], denominators: readonly number[]): Spread {
  return spreadOf(numerators.map((value, round) => value / (denominators[round] ?? Number.NaN)));
}

/** The list in another order for each round, so that no contender always follows the same one. */
export function rotated<T>(list: readonly T[], round: number): readonly T[] {
  const start = round % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
