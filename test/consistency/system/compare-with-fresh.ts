import type { Comparison } from '../checker/check-freshness.js';
import type { Actor, Floor } from '../workload/client.js';
import type { Instance } from '../workload/instance.js';

/** Sends every recorded request to every instance and to one without a cache. */
export async function compareWithFresh(
  questions: Iterable<string>,
  instances: readonly Instance[],
  uncached: Instance,
  authorization: Floor['authorization'],
): Promise<Comparison[]> {
  const ask = async (instance: Instance, path: string, actor: Actor): Promise<string> => {
    const headers = { authorization: authorization[actor] };
    try {
      const { status, text } = await instance.send({ method: 'GET', path, headers });
      // Each problem document has its own id.
      return `${status} ${text.replace(/"requestId":"[^"]*"/, '')}`;
    } catch (error) {
      return `no answer: ${String(error)}`;
    }
  };
  const comparisons: Comparison[] = [];
  for (const question of questions) {
    const [actor, path] = question.split(' ') as [Actor, string];
    let answers: Comparison[];
    let minute: number;
    // What is overdue changes with the minute, without a write.
    do {
      minute = currentMinute();
      const fresh = await ask(uncached, path, actor);
      const asked = instances.map(async (instance) => ({
        path,
        instance: instance.name,
        cached: await ask(instance, path, actor),
        fresh,
      }));
      answers = await Promise.all(asked);
    } while (currentMinute() !== minute);
    comparisons.push(...answers);
  }
  return comparisons;
}

function currentMinute(): number {
  return Math.floor(Date.now() / 60_000);
}
