import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Exploration, Explored, SurroundingsName } from './explore.js';

/** Enough runs for every kind of event to happen many times. `npm run interleavings -- --runs <n>` does more. */
const RUNS: Readonly<Record<SurroundingsName, number>> = { quiet: 250, troubled: 250, embedded: 800 };

const run = promisify(execFile);

/** Explores in another process, because the runs replace the timers of Node. */
async function explore(surroundings: SurroundingsName): Promise<Exploration & Explored> {
  const seed = process.env.INTERLEAVINGS_SEED ?? '1';
  const options = ['--surroundings', surroundings, '--runs', String(RUNS[surroundings]), '--seed', seed];
  const program = ['--import', './test/support/register-typescript.js', 'test/interleavings/main.ts'];
  const { stdout } = await run(process.execPath, [...program, ...options]).catch((error: unknown) => {
    const { stdout: report, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${report ?? ''}${stderr ?? ''}` || String(error));
  });
  return JSON.parse(stdout) as Exploration & Explored;
}

describe('readers and writers in any interleaving', () => {
  it('are never shown anything older than an acknowledged write or an earlier response, with Redis', async () => {
    const { runs, happened } = await explore('quiet');
    expect(runs).toBe(RUNS.quiet);
    expect(happened).toMatchObject({
      l1Hits: atLeast(RUNS.quiet),
      misses: atLeast(RUNS.quiet),
      collapsed: atLeast(10),
      refreshes: atLeast(RUNS.quiet / 2),
      sweptTags: atLeast(RUNS.quiet / 10),
    });
  });

  it('are never shown anything older than an acknowledged write, while instances are cut off from Redis', async () => {
    const { runs, happened } = await explore('troubled');
    expect(runs).toBe(RUNS.troubled);
    expect(happened).toMatchObject({
      bypasses: atLeast(RUNS.troubled / 2),
      relayedWrites: atLeast(RUNS.troubled / 10),
    });
  });

  it('are never shown anything older than an acknowledged write or an earlier response, without Redis', async () => {
    const { runs, happened } = await explore('embedded');
    expect(runs).toBe(RUNS.embedded);
    expect(happened).toMatchObject({
      hits: atLeast(RUNS.embedded),
      misses: atLeast(RUNS.embedded),
      refreshes: atLeast(RUNS.embedded / 2),
    });
  });
});

function atLeast(least: number): unknown {
  return { asymmetricMatch: (actual: number) => actual >= least, toString: () => `at least ${least}` };
}
