import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'undici';
import { cpuTimeOfAll } from './cpu-time.js';

export interface LoopRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Expected status. A response with any other one makes the measurement void. */
  readonly status: number;
}

export interface LoopResponse {
  readonly text: string;
  readonly milliseconds: number;
}

/** Sends a request and reads the whole response. */
export async function send(pool: Pool, { status, ...request }: LoopRequest): Promise<LoopResponse> {
  const began = performance.now();
  const response = await pool.request(request);
  const text = await response.body.text();
  const milliseconds = performance.now() - began;
  if (response.statusCode !== status) {
    throw new Error(`${request.method} ${request.path} has the status ${response.statusCode}: ${text.slice(0, 500)}`);
  }
  return { text, milliseconds };
}

export interface LoopOptions {
  readonly clients: number;
  readonly seconds: number;
  /** Processes whose CPU time is measured. */
  readonly pids: readonly number[];
  /** Interval of each client's actions, in milliseconds; 0 for no pause. */
  readonly interval?: number;
}

/**
 * Runs clients that act again and again until the time is over: every `interval` milliseconds, or at once if they are late or
 * the interval is 0.
 *
 * @param act the next action of the client with this number
 * @returns the elapsed time and the CPU time of the processes, in microseconds
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
      // The clients' actions are spread evenly over the interval.
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
