import type { Violation } from './violation.js';

/** One question, after everything is over: what an instance with a cache says to it, and what one without a cache says. */
export interface Comparison {
  readonly path: string;
  readonly instance: string;
  readonly cached: string;
  readonly fresh: string;
}

/** Members of an answer that say when or where it was made. */
const OWN_OF_THE_ANSWER = /"asOf":"[^"]*"/;

/** After quiet, what is cached equals what is stored, byte for byte. */
export function checkFreshness(comparisons: readonly Comparison[]): Violation[] {
  return comparisons
    .filter(({ cached, fresh }) => cached.replace(OWN_OF_THE_ANSWER, '') !== fresh.replace(OWN_OF_THE_ANSWER, ''))
    .map(({ path, instance, cached, fresh }) => ({
      rule: 'not-fresh',
      what: `${instance} says to ${path}\n  ${cached.slice(0, 400)}\ninstead of\n  ${fresh.slice(0, 400)}`,
      calls: [],
    }));
}
