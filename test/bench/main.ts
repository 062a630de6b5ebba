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

// `npm run bench`: this API, its peers and what nobody can beat, measured in one run, in turn, in several rounds.
//
// It starts a PostgreSQL and a Redis of its own, fills a database, and starts every contender as a process of its own; all
// of them stay alive to the end. The contenders are in contenders/, what is measured of them in scenarios/, how it is
// measured in measure/. Before a contender is measured it must give the very same page, and its hits must not ask the
// database. Whatever goes wrong ends the run: there are no results of contenders that fail.
//
// Figures are medians of the rounds; ratios are taken within a round first, so that a slow round does not count. On few
// cores the load generator may be the limit: the processor time of the server per request is measured as well.

const resources = new Resources();

async function run(): Promise<void> {
  const wanted = readBenchArguments(process.argv.slice(2));
  if (!wanted) {
    console.log(BENCH_USAGE);
    return;
  }
  console.log(markdownOf(await measure(wanted)));
}

/** Every scenario is written as soon as it is done, so that what fails later does not take it along. */
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

runProgram(run, resources, 'The benchmark has failed');
