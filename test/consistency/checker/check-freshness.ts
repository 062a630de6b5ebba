import type { Violation } from './violation.js';

/** One request after the load has ended: the response of an instance with a cache and that of an instance without one. */
export interface Comparison {
  readonly path: string;
  readonly instance: string;
  readonly cached: string;
  readonly fresh: string;
}

/** The members of a response body that name the time of its creation. */
const OWN_OF_THE_ANSWER = /"asOf":"[^"]*"/;

/** Checks that all cached responses equal fresh ones byte for byte, once no write is pending. */
export function checkFreshness(comparisons: readonly Comparison[]): Violation[] {
  return comparisons
    .filter(({ cached, fresh }) => cached.replace(OWN_OF_THE_ANSWER, '') !== fresh.replace(OWN_OF_THE_ANSWER, ''))
    .map(({ path, instance, cached, fresh }) => ({
      rule: 'not-fresh',
      what: `${instance} answers ${path} with\n  ${cached.slice(0, 400)}\ninstead of\n  ${fresh.slice(0, 400)}`,
      calls: [],
    }));
}
