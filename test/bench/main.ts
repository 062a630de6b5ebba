import 'reflect-metadata';
import { runProgram } from '../support/run-program.js';
import { BENCH_USAGE, readBenchArguments, type BenchArguments, type ScenarioName } from './arguments.js';
import { note } from './note.js';
import { thisMachine } from './report/machine.js';
import { markdownOf } from './report/markdown.js';
import type { BenchResults, ScenarioResults } from './report/results.js';
import { writeResults } from './report/write-results.js';
import { measureCreates } from './scenarios/creates.js';
import { measureFactoryDay } from './scenarios/factory-day.js';
import { measureHitCosts } from './scenarios/hit-costs.js';
import { measureMemory } from './scenarios/memory.js';
import { measurePage } from './scenarios/page.js';
import { measureScale } from './scenarios/scale.js';
import { measureStampede } from './scenarios/stampede.js';
import { Resources } from './servers/resources.js';
import { Stage } from './servers/stage.js';

// `npm run bench`: measures this API, its peers and bare servers in one run. The contenders take turns in several rounds.
//
// The run starts its own PostgreSQL and Redis, fills a database, and starts each contender as a process that lives to the end.
// The contenders are in contenders/, the scenarios in scenarios/, the measuring code in measure/. Before the measurement, a
// contender must respond with exactly the same page, and its hits must not query the database. Any failure ends the run:
// contenders that fail have no results.
//
// The load of a measurement ends when its last responses are complete, so that no server is still busy with it during the next
// one. Each connection has a caller of its own, because the API limits the concurrent requests of each caller.
//
// Figures are medians of the rounds. Ratios are computed within each round first, so that a slow round does not distort them.
// On few cores the load generator may be the bottleneck, so the CPU time of the server per request is measured as well.

const resources = new Resources();

async function run(wanted: BenchArguments): Promise<void> {
  console.log(markdownOf(await measure(wanted)));
}

/** Measures the scenarios. Each result is written at once, so that a later failure does not lose it. */
async function measure({ plan, scenarios, scaleDatabaseUrl, output }: BenchArguments): Promise<BenchResults> {
  const stage = await Stage.open(resources, plan.orders);
  const measures: { readonly [Name in ScenarioName]: () => Promise<ScenarioResults[Name]> } = {
    page: () => measurePage(stage, plan),
    'hit-costs': () => measureHitCosts(stage, plan),
    memory: () => measureMemory(stage, plan),
    stampede: () => measureStampede(stage, plan),
    creates: () => measureCreates(stage, plan),
    'factory-day': () => measureFactoryDay(stage, plan),
    scale: () => measureScale(stage, plan, scaleDatabaseUrl),
  };
  let results: BenchResults = {};
  for (const name of scenarios) {
    const result = await measures[name]();
    const measured = { [name]: { at: new Date().toISOString(), machine: thisMachine(), plan, result } };
    results = { ...results, ...measured };
    if (output === undefined) continue;
    await writeResults(output, measured);
    note(`${name}: written to ${output}`);
  }
  return results;
}

runProgram({
  usage: BENCH_USAGE,
  read: readBenchArguments,
  run,
  resources,
  failure: 'The benchmark has failed',
});
