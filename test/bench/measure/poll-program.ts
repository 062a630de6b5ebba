import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimeOf } from './cpu-time.js';
import { Latencies } from './latencies.js';
import { CONNECTIONS, type LoadFigures, type LoadOrder } from './load.js';
import { Poller } from './poller.js';

/** Longest time for the last response of each connection, in milliseconds. An API that queues requests refuses them earlier. */
const LAST_RESPONSE_TIMEOUT = 15_000;

// The measuring process has nothing else in its memory, so that garbage collections do not disturb it.
process.once('message', (order: LoadOrder) => {
  measure(order).then(
    (figures) => process.send?.({ figures }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});

async function measure({ target, warmUp, seconds }: LoadOrder): Promise<LoadFigures> {
  const { url, pid, status, headers } = target;
  const latencies = new Latencies();
  const failures: Error[] = [];
  let recording = false;
  const events = {
    onResponse: (milliseconds: number) => {
      if (recording) latencies.record(milliseconds);
    },
    onFailure: (error: Error) => failures.push(error),
  };
  const pollers = Array.from(
    { length: CONNECTIONS },
    (_, connection) => new Poller({ url, status, headers: headers[connection % headers.length] ?? {} }, events),
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
    const unfinished = await finish(pollers);
    if (failures.length > 0) {
      throw new Error(`${failures.length} connections to ${url} failed, the first one: ${failures[0]?.message ?? ''}`);
    }
    if (unfinished > 0) {
      throw new Error(`${unfinished} connections to ${url} had no response within ${LAST_RESPONSE_TIMEOUT} ms`);
    }
    if (latencies.count === 0) throw new Error(`${url} completed no response within ${seconds} s`);
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

/** Waits for the last responses. Returns the number of connections without one. */
async function finish(pollers: readonly Poller[]): Promise<number> {
  let unfinished = pollers.length;
  const finished = pollers.map((poller) => poller.finish().then(() => (unfinished -= 1)));
  await Promise.race([Promise.all(finished), delay(LAST_RESPONSE_TIMEOUT)]);
  return unfinished;
}
