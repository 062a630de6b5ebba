import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { LatencyFigures } from './latencies.js';

export interface LoadTarget {
  readonly url: string;
  readonly pid: number;
  /** Headers of the callers, at least of one. The connections belong to them in turn. */
  readonly headers: readonly Readonly<Record<string, string>>[];
  /** Expected status. A response with any other one makes the measurement void. */
  readonly status: number;
}

export interface LoadFigures extends LatencyFigures {
  readonly requestsPerSecond: number;
  /** CPU time of the server's process per request, in microseconds. Absent where the system does not tell. */
  readonly cpuPerRequest: number | undefined;
  /** Fraction of one core that the load generator uses. Near 1, the load generator is the bottleneck. */
  readonly clientLoad: number;
}

/** The message that tells the measuring process what to do. */
export interface LoadOrder {
  readonly target: LoadTarget;
  /** Length of the load before the measurement, in seconds. */
  readonly warmUp: number;
  /** Length of the measurement, in seconds. */
  readonly seconds: number;
}

type Outcome = { readonly figures: LoadFigures } | { readonly error: string };

export const CONNECTIONS = 32;

const PROGRAM = resolve('test/bench/measure/poll-program.ts');
const LOADER = resolve('test/support/register-typescript.js');

/**
 * Measures a server while 32 connections send one request after the other.
 *
 * @throws Error if a request fails, or a response has another status
 */
export async function applyLoad(target: LoadTarget, times: Omit<LoadOrder, 'target'>): Promise<LoadFigures> {
  const program = fork(PROGRAM, { execArgv: ['--import', LOADER] });
  try {
    const ended = once(program, 'exit').then(() => [{ error: 'the measuring process has ended' }]);
    program.send({ target, ...times } satisfies LoadOrder);
    const [outcome] = (await Promise.race([once(program, 'message'), ended])) as [Outcome];
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome.figures;
  } finally {
    program.kill();
  }
}
