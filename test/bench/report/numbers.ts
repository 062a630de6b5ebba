import type { Spread } from '../measure/spread.js';

/** A number as text, with three significant digits and separated thousands. */
export function shown(value: number): string {
  const fractionDigits = value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: fractionDigits });
}

/** A spread as text: `median (min–max)`. */
export function shownSpread({ median, min, max }: Spread, unit = ''): string {
  return `${shown(median)}${unit} (${shown(min)}–${shown(max)})`;
}

/** A spread in milliseconds, from microseconds. */
export function inMilliseconds({ median, min, max }: Spread): Spread {
  return { median: median / 1_000, min: min / 1_000, max: max / 1_000 };
}
