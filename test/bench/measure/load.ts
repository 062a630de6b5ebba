import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { LatencyFigures } from './latencies.js';

export interface LoadTarget {
  readonly url: string;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Any other answer makes the measurement void. */
  readonly status: number;
}

export interface LoadFigures extends LatencyFigures {
  readonly requestsPerSecond: number;
  /** Of the server's process, per request, in microseconds. Absent where the system does not tell. */
  readonly cpuPerRequest: number | undefined;
  /** Of one core, that the load generator needed: near 1, it is what sets the limit. */
  readonly clientLoad: number;
}

/** What the process that measures is told. */
export interface LoadOrder {
  readonly target: LoadTarget;
  /** In seconds, like the time after it. */
  readonly warmUp: number;
  readonly seconds: number;
}

type Outcome = { readonly figures: LoadFigures } | { readonly error: string };

export const CONNECTIONS = 32;

const PROGRAM = resolve('test/bench/measure/poll-program.ts');
const LOADER = resolve('test/support/register-typescript.js');

/**
 * Keeps 32 connections busy with one request after the other, and measures when they are warm.
 *
 * @throws Error if any request failed or was answered with another status
 */
export async function applyLoad(target: LoadTarget, times: Omit<LoadOrder, 'target'>): Promise<LoadFigures> {
  const program = fork(PROGRAM, { execArgv: ['--import', LOADER] });
  try {
    const ended = once(program, 'exit').then(() => [{ error: 'the process that measures has ended' }]);
    program.send({ target, ...times } satisfies LoadOrder);
    const [outcome] = (await Promise.race([once(program, 'message'), ended])) as [Outcome];
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome.figures;
  } finally {
    program.kill();
  }
}
