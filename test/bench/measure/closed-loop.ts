import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'undici';
import { cpuTimeOfAll } from './cpu-time.js';

export interface LoopRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Any other answer makes the measurement void. */
  readonly status: number;
}

export interface LoopAnswer {
  readonly text: string;
  readonly milliseconds: number;
}

/** Sends a request and reads the whole answer. */
export async function send(pool: Pool, { status, ...request }: LoopRequest): Promise<LoopAnswer> {
  const began = performance.now();
  const answer = await pool.request(request);
  const text = await answer.body.text();
  const milliseconds = performance.now() - began;
  if (answer.statusCode !== status) {
    throw new Error(`${request.method} ${request.path} was answered with ${answer.statusCode}: ${text.slice(0, 500)}`);
  }
  return { text, milliseconds };
}

export interface LoopOptions {
  readonly clients: number;
  readonly seconds: number;
  readonly pids: readonly number[];
  readonly interval?: number;
}

/**
 * Clients of which each does one thing after the other until the time is over: every `interval` milliseconds, or as soon as
 * it can, if it is late or if the interval is 0.
 *
 * @param act what the client with this number does next
 * @returns how long it took, and what the processes with these ids needed meanwhile, in microseconds
 */
export async function closedLoop(
  { clients, seconds, pids, interval = 0 }: LoopOptions,
  act: (client: number) => Promise<void>,
): Promise<{ readonly elapsed: number; readonly cpu: number | undefined }> {
  const cpuBefore = await cpuTimeOfAll(pids);
  const began = performance.now();
  const deadline = began + seconds * 1_000;
  let failed = false;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      // All clients together do one thing after the other, too.
      for (let due = began + (interval * client) / clients; !failed && performance.now() < deadline; due += interval) {
        const early = due - performance.now();
        if (early > 0) await delay(early);
        await act(client).catch((error: unknown) => {
          failed = true;
          throw error;
        });
      }
    }),
  );
  const elapsed = (performance.now() - began) * 1_000;
  const cpuAfter = await cpuTimeOfAll(pids);
  return {
    elapsed,
    cpu: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
  };
}
