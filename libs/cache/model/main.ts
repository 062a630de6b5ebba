import type { Counterexample, Exploration } from './explore.js';
import { members } from './members.js';
import { readsAndWrites } from './reads-and-writes.js';

// Explores the models and prints what was found: the promises hold, and each rule that is broken breaks one of them.

for (const { name, scenarios, brokenRules, limits } of [readsAndWrites, members]) {
  heading(`Model of ${name}: the protocol as it is`);
  for (const [scenario, run] of Object.entries(scenarios)) report(scenario, run(), 'the promises hold');
  heading(`Model of ${name}: each rule broken once`);
  for (const [rule, run] of Object.entries(brokenRules)) report(rule, run(), 'a promise is broken');
  if (Object.keys(limits).length > 0) heading(`Model of ${name}: known limits`);
  for (const [limit, run] of Object.entries(limits)) report(limit, run(), 'a promise is broken');
}

function heading(text: string): void {
  console.log(`\n${text}\n${'='.repeat(text.length)}`);
}

/** Ends the program with 1 if something else was found than expected. */
function report(
  title: string,
  { states, counterexample }: Exploration,
  expected: 'the promises hold' | 'a promise is broken',
): void {
  const found = counterexample ? 'a promise is broken' : 'the promises hold';
  const isExpected = found === expected;
  if (!isExpected) process.exitCode = 1;
  console.log(`\n${title}\n  ${states.toLocaleString('en')} states: ${found}${isExpected ? '' : ' (NOT EXPECTED)'}`);
  if (counterexample) console.log(timelineOf(counterexample));
}

function timelineOf({ steps, brokenPromise }: Counterexample): string {
  const width = Math.max(...steps.map(({ actor }) => actor.length));
  const lines = steps.map(
    ({ actor, action }, i) => `  ${String(i + 1).padStart(4)}  ${actor.padEnd(width)}  ${action}`,
  );
  return [...lines, `        ${brokenPromise}`].join('\n');
}
