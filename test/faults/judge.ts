import { describeViolations } from '../consistency/report/describe-violations.js';
import { CLIENT_PATIENCE_MS } from '../consistency/workload/instance.js';
import type { Exchange } from '../consistency/workload/recorder.js';
import { RECOVERY_MS, type FaultResult } from './run-fault.js';

/** The minimum share of hits before the fault. With fewer hits, the comparison proves nothing. */
const LEAST_BEFORE = 0.8;
/** The minimum share of hits, relative to the time before the fault. */
const LEAST_SHARE = 0.9;
const MOST_EXAMPLES = 5;
/** The alert of the inspector. */
const MISMATCH = 'MesInspectorMismatch';

/**
 * The complaints about responses, as readable text; empty if all is well.
 *
 * A client may be shown an older version than before. An instance without Redis shows a write from the database before it is
 * acknowledged, and another instance may not show it yet.
 */
export function judgeAnswers({ violations: all, wronglyFailed }: FaultResult): string[] {
  const complaints: string[] = [];
  const violations = all.filter(({ rule }) => rule !== 'backwards');
  if (violations.length > 0) complaints.push(describeViolations(violations));
  complaints.push(...wronglyFailed.slice(0, MOST_EXAMPLES).map(describeFailure));
  if (wronglyFailed.length > MOST_EXAMPLES)
    complaints.push(`and ${wronglyFailed.length - MOST_EXAMPLES} more requests failed`);
  return complaints;
}

/** The complaints about hits, as readable text; empty if all is well. */
export function judgeHits({ fault, untilHits, hits }: FaultResult): string[] {
  const complaints: string[] = [];
  if (hits.before < LEAST_BEFORE)
    complaints.push(`before the fault, only ${percent(hits.before)} of responses were hits`);
  if (untilHits > RECOVERY_MS) complaints.push(`an instance had no hit for ${untilHits.toFixed(0)} ms after the fault`);
  if (fault.keepsHits && hits.meanwhile < LEAST_SHARE) {
    complaints.push(`during the fault, hits were ${percent(hits.meanwhile)} of those before`);
  }
  if (hits.after < LEAST_SHARE) complaints.push(`after the fault, hits were ${percent(hits.after)} of those before`);
  if (hits.others !== undefined && hits.others < LEAST_SHARE) {
    complaints.push(`at an unaffected instance, hits were ${percent(hits.others)} of those before`);
  }
  const { lost, of } = hits.lostByOthers ?? { lost: [], of: 0 };
  if (of - lost.length < LEAST_SHARE * of) {
    const examples = lost.slice(0, MOST_EXAMPLES).join(', ');
    complaints.push(`unaffected instances lost ${lost.length} of ${of} cached responses: ${examples}`);
  }
  return complaints;
}

/** The complaints about the alerts and the inspections, as readable text; empty if all is well. */
export function judgeAlerts({ fault, monitoring: { alerts, inspections } }: FaultResult): string[] {
  const complaints: string[] = [];
  const silent = fault.alerts.filter((name) => !alerts.includes(name));
  if (silent.length > 0) complaints.push(`these alerts did not fire: ${silent.join(', ')}`);
  if (fault.alerts.length === 0 && alerts.length > 0) complaints.push(`alerts fired for nothing: ${alerts.join(', ')}`);
  if (alerts.includes(MISMATCH)) complaints.push('an inspection found a stale response');
  if (inspections === 0) complaints.push('no hit was inspected');
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
