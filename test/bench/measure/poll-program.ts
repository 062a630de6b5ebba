import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimeOf } from './cpu-time.js';
import { Latencies } from './latencies.js';
import { CONNECTIONS, type LoadFigures, type LoadOrder } from './load.js';
import { Poller } from './poller.js';

// What measures is a process of its own, with nothing in its memory that would have to be collected time and again.
process.once('message', (order: LoadOrder) => {
  measure(order).then(
    (figures) => process.send?.({ figures }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});

async function measure({ target, warmUp, seconds }: LoadOrder): Promise<LoadFigures> {
  const { url, pid } = target;
  const latencies = new Latencies();
  const failures: Error[] = [];
  let recording = false;
  const pollers = Array.from(
    { length: CONNECTIONS },
    () =>
      new Poller(
        target,
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
