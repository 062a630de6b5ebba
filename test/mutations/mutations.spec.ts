import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Caught } from './main.js';
import { controls, mutations } from './mutations.js';

const run = promisify(execFile);

const AT_ONCE = 2;

/** Explores all mutations and controls in two processes, and returns their results by name. */
async function exploreAll(): Promise<Map<string, Caught>> {
  const names = [...controls, ...mutations].map(({ name }) => name);
  const shares = Array.from({ length: AT_ONCE }, (_, n) => names.filter((_name, i) => i % AT_ONCE === n));
  const outputs = await Promise.all(
    shares.map(async (share) => {
      const program = ['--import', './test/support/register-typescript.js', 'test/mutations/main.ts', ...share];
      const { stdout } = await run(process.execPath, program, { maxBuffer: 64 * 1024 * 1024 });
      return stdout.trim().split('\n');
    }),
  );
  return new Map(
    outputs
      .flat()
      .map((line) => JSON.parse(line) as Caught)
      .map((caught) => [caught.name, caught]),
  );
}

describe('the exploration of interleavings', () => {
  let found: Map<string, Caught>;

  beforeAll(async () => {
    found = await exploreAll();
  }, 1_800_000);

  it.each(mutations.map(({ name }) => name))('reveals that %s', (name) => {
    expect(found.get(name)?.error).toBeUndefined();
    expect(found.get(name)?.violation).toMatch(/^ViolationError: /);
  });

  it.each(controls.map(({ name }) => name))('finds no violation with %s', (name) => {
    expect(found.get(name)).toEqual({ name, runs: expect.any(Number) as number });
  });
});
