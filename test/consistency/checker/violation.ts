import type { Call } from '../history/call.js';

export const RULES = {
  stale: 'a read shows data from before a write that was acknowledged before the read began',
  backwards: 'a client is shown an older version of an order than before',
  lost: 'an acknowledged write is missing at the end',
  'taken-twice': 'two writers were told that they made the same version of an order',
  invented: 'a response shows data that had not been written',
  paging: 'a walk through the pages of a list lacks an order or shows it twice',
  'not-fresh': 'a cached response differs from a fresh one although no write is pending',
} as const;

export type Rule = keyof typeof RULES;

/** A broken rule, and the shortest history that shows it. */
export interface Violation {
  readonly rule: Rule;
  readonly what: string;
  readonly calls: readonly Call[];
}
