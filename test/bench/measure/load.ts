import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimeOf } from './cpu-time.js';
import { Latencies, type LatencyFigures } from './latencies.js';
import { Poller } from './poller.js';

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

export const CONNECTIONS = 32;
/**
 * Keeps 32 connections busy with one request after the other, and measures when they are warm.
 *
 * @throws Error if any request failed or was answered with another status
 */
export async function applyLoad(
  { url, pid, headers, status }: LoadTarget,
  { warmUp, seconds }: { readonly warmUp: number; readonly seconds: number },
): Promise<LoadFigures> {
  const latencies = new Latencies();
  const failures: Error[] = [];
  let recording = false;
  const pollers = Array.from(
    { length: CONNECTIONS },
    () =>
      new Poller(
        { url, headers, status },
        (milliseconds) => {
          if (recording) latencies.record(milliseconds);
        },
        (error) => failures.push(error),
      ),
  );

  try {
    await delay(warmUp * 1_000);
    const [cpuBefore, clientBefore, began] = [await cpuTimeOf(pid), process.cpuUsage(), performance.now()];
    recording = true;
    await delay(seconds * 1_000);
    recording = false;
    const [elapsed, client, cpuAfter] = [
      performance.now() - began,
      process.cpuUsage(clientBefore),
      await cpuTimeOf(pid),
    ];
    if (failures.length > 0) {
      throw new Error(`${failures.length} requests to ${url} failed, the first one: ${failures[0]?.message ?? ''}`);
    }
    if (latencies.count === 0) throw new Error(`${url} answered no request within ${seconds} s`);
    return {
      requestsPerSecond: latencies.count / (elapsed / 1_000),
      ...latencies.figures(),
      cpuPerRequest:
        cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / latencies.count,
      clientLoad: (client.user + client.system) / 1_000 / elapsed,
    };
  } finally {
    for (const poller of pollers) poller.stop();
  }
}
