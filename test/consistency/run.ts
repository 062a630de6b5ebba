import { setTimeout as delay } from 'node:timers/promises';
import { checkFreshness } from './checker/check-freshness.js';
import { checkHistory, type Checked } from './checker/check-history.js';
import type { Violation } from './checker/violation.js';
import { recordedRuns } from './recorded-runs.js';
import { compareWithFresh } from './system/compare-with-fresh.js';
import { readStoredOrders } from './system/read-stored-orders.js';
import type { System } from './system/system.js';
import { Load, type Worker } from './workload/load.js';
import type { Exchange } from './workload/recorder.js';

export interface RunResult {
  readonly violations: readonly Violation[];
  readonly checked: Checked & { readonly comparisons: number };
  readonly exchanges: readonly Exchange[];
}

/**
 * Runs a system under load, and checks all its responses.
 *
 * @param meanwhile acts on the system; the load stops when it resolves
 */
export async function runUnderLoad(
  system: System,
  workers: readonly Worker[],
  meanwhile: () => Promise<unknown>,
): Promise<RunResult> {
  const { recorder, table, floor } = system;
  system.reset();
  const before = await readStoredOrders(table);
  const load = new Load(workers);
  try {
    await meanwhile();
  } finally {
    await load.stop();
  }
  const { calls, exchanges, questions } = recorder;
  const after = await readStoredOrders(table);
  const verdicts = recordedRuns({ calls, before, after }, system.replacement).map(checkHistory);

  await system.quiet();
  const instances = floor.instances();
  const comparisons = await compareWithFresh(questions, instances, system.uncached.client, floor.authorization);
  return {
    violations: [...verdicts.flatMap(({ violations }) => violations), ...checkFreshness(comparisons)],
    checked: { ...sum(verdicts.map(({ checked }) => checked)), comparisons: comparisons.length },
    exchanges,
  };
}

/** A function for `meanwhile` that leaves the system alone for some seconds. */
export function nothingFor(seconds: number): () => Promise<void> {
  return () => delay(seconds * 1_000);
}

function sum(all: readonly Checked[]): Checked {
  return all.reduce((total, checked) => {
    const names = Object.keys(total) as (keyof Checked)[];
    return Object.fromEntries(names.map((name) => [name, total[name] + checked[name]])) as unknown as Checked;
  });
}
