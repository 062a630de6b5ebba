import type { Call } from '../history/call.js';

export const RULES = {
  stale: 'a read that began after a write was acknowledged shows older data',
  backwards: 'a client is shown an older state of an order than before',
  lost: 'an acknowledged write is missing at the end',
  'taken-twice': 'two writers were told that they made the same version of an order',
  invented: 'an answer shows what was never written, or not yet',
  paging: 'going from page to page loses or doubles an order',
  'not-fresh': 'after quiet, a cached answer differs from a fresh one',
} as const;

export type Rule = keyof typeof RULES;

/** A rule that was broken, and the shortest history that shows it. */
export interface Violation {
  readonly rule: Rule;
  readonly what: string;
  readonly calls: readonly Call[];
}
