import 'reflect-metadata';
import { runProgram } from '../support/run-program.js';
import { note } from '../bench/note.js';
import { Resources } from '../bench/servers/resources.js';
import { describeViolations } from '../consistency/report/describe-violations.js';
import { FAULTS_USAGE, readFaultsArguments, type FaultsArguments } from './arguments.js';
import { FAULTS } from './faults.js';
import { faultTable, writeIntoReadme } from './report.js';
import { runFault, type FaultResult } from './run-fault.js';
import { setTheStage } from './stage.js';

// `npm run faults`: one fault after the other happens to several instances of the API under load, on a PostgreSQL and a Redis
// of their own. Ends with 1 if anything was stale or lost, or failed without need.

const INSTANCES = 3;

const resources = new Resources();

async function run(): Promise<void> {
  const wanted = readFaultsArguments(process.argv.slice(2));
  if (!wanted) {
    console.log(FAULTS_USAGE);
    return;
  }
  await prove(wanted);
}

async function prove({ faults, seed, clients }: FaultsArguments): Promise<void> {
  note(`seed ${seed}: starting PostgreSQL, Redis and ${INSTANCES} instances`);
  const scene = await setTheStage(resources, INSTANCES);
  const results: FaultResult[] = [];
  for (const fault of faults) {
    note(fault.title);
    const result = await runFault(scene, fault, { seed, clients });
    complain(result);
    results.push(result);
  }
  const table = faultTable(results);
  console.log(table);
  if (faults === FAULTS) await writeIntoReadme(table);
}

/**
 * That a client goes back is no fault here: an instance for which Redis takes too long reads what was not acknowledged yet from
 * the database, and another one may still show the time before.
 */
function complain({ violations: all, wronglyFailed }: FaultResult): void {
  const violations = all.filter(({ rule }) => rule !== 'backwards');
  if (violations.length > 0) console.log(describeViolations(violations));
  for (const { path, instance, status } of wronglyFailed.slice(0, 5)) {
    console.log(`${instance} answered ${path} with ${status ?? 'nothing'}`);
  }
  if (violations.length > 0 || wronglyFailed.length > 0) process.exitCode = 1;
}

runProgram(run, resources, 'The run has failed');
