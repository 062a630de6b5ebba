import { describeViolations } from '../consistency/report/describe-violations.js';
import { CLIENT_PATIENCE_MS } from '../consistency/workload/instance.js';
import type { Exchange } from '../consistency/workload/recorder.js';
import { RECOVERY_MS, type FaultResult } from './run-fault.js';

/** With fewer hits than this before the fault, nothing can be said of those after it. */
const LEAST_BEFORE = 0.8;
/** Of the hits before the fault, the share that has to be there after it. */
const LEAST_SHARE = 0.9;
const MOST_EXAMPLES = 5;

/**
 * What is wrong with the answers, for humans; nothing if all is well.
 *
 * That a client goes back is no fault here: an instance for which Redis takes too long reads what was not acknowledged yet from
 * the database, and another one may still show the time before.
 */
export function judgeAnswers({ violations: all, wronglyFailed }: FaultResult): string[] {
  const complaints: string[] = [];
  const violations = all.filter(({ rule }) => rule !== 'backwards');
  if (violations.length > 0) complaints.push(describeViolations(violations));
  complaints.push(...wronglyFailed.slice(0, MOST_EXAMPLES).map(describeFailure));
  if (wronglyFailed.length > MOST_EXAMPLES) complaints.push(`and ${wronglyFailed.length - MOST_EXAMPLES} more failed`);
  return complaints;
}

/** Where there are too few hits, for humans; nothing if all is well. */
export function judgeHits({ fault, untilHits, hits }: FaultResult): string[] {
  const complaints: string[] = [];
  if (hits.before < LEAST_BEFORE) complaints.push(`before the fault, only ${percent(hits.before)} were hits`);
  if (untilHits > RECOVERY_MS)
    complaints.push(`some instance had no hit for ${untilHits.toFixed(0)} ms after the fault`);
  if (fault.keepsHits && hits.meanwhile < LEAST_SHARE) {
    complaints.push(`during the fault, hits were ${percent(hits.meanwhile)} of before`);
  }
  if (hits.after < LEAST_SHARE) complaints.push(`after the fault, hits were ${percent(hits.after)} of before`);
  if (hits.others !== undefined && hits.others < LEAST_SHARE) {
    complaints.push(`at an instance that nothing was done to, hits were ${percent(hits.others)} of before`);
  }
  const { lost, of } = hits.lostByOthers ?? { lost: 0, of: 0 };
  if (of - lost < LEAST_SHARE * of) {
    complaints.push(`instances that nothing was done to lost ${lost} of ${of} answers`);
  }
  return complaints;
}

function describeFailure({ path, instance, status, start, end }: Exchange): string {
  const waited = end - start;
  if (waited >= CLIENT_PATIENCE_MS) return `${instance} had not answered ${path} after ${waited.toFixed(0)} ms`;
  return `${instance} answered ${path} with ${status ?? 'nothing'} after ${waited.toFixed(0)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
