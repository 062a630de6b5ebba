import 'reflect-metadata';
import { inspect } from 'node:util';
import { runProgram } from '../support/run-program.js';
import { note } from '../bench/note.js';
import { Resources } from '../bench/servers/resources.js';
import { FAULTS_USAGE, readFaultsArguments, type FaultsArguments } from './arguments.js';
import { FAULTS } from './faults.js';
import { judgeAlerts, judgeAnswers, judgeHits } from './judge.js';
import { faultTable, writeIntoDocument } from './report.js';
import { runFault, type FaultResult } from './run-fault.js';
import { Stage } from './stage.js';

// `npm run faults`: injects one fault after another into several API instances under load, with their own PostgreSQL and
// Redis. Exits with 1 if anything was stale or lost, failed without need, or cost too many hits.

const INSTANCES = 3;
/** The length of the shown end of an instance's output, in characters. */
const LAST_WORDS = 2_000;

const resources = new Resources();

async function run({ faults, busy, ...plan }: FaultsArguments): Promise<void> {
  note(`seed ${plan.seed}: ${faults.length} faults, ${INSTANCES} instances`);
  const stage = new Stage(resources, INSTANCES);
  const results: FaultResult[] = [];
  for (const fault of faults) {
    note(fault.title);
    const complaints: string[] = [];
    try {
      const result = await runFault(await stage.scene(), fault, plan);
      results.push(result);
      complaints.push(...judgeAnswers(result), ...(busy ? [] : [...judgeHits(result), ...judgeAlerts(result)]));
    } catch (error) {
      complaints.push(`the run failed: ${inspect(error)}`, ...(await lastWordsOfTheDead(stage)));
    }
    for (const complaint of complaints) console.log(`${fault.name}: ${complaint}`);
    if (complaints.length > 0) process.exitCode = 1;
    // After a complaint, the state of the system is unknown, so the next fault gets a new one.
    if (complaints.length > 0 || fault.leavesOthers) await stage.clear();
  }
  const table = faultTable(results);
  console.log(table);
  if (faults === FAULTS && results.length === FAULTS.length) await writeIntoDocument(table);
}

/** The end of the output of each dead instance. */
async function lastWordsOfTheDead(stage: Stage): Promise<string[]> {
  const { system } = await stage.scene();
  const dead = system.instances.filter(({ isRunning }) => !isRunning);
  return dead.map(({ name, output }) => `${name} ended: ${output.slice(-LAST_WORDS)}`);
}

runProgram({
  usage: FAULTS_USAGE,
  read: readFaultsArguments,
  run,
  resources,
  failure: 'The run failed',
});
