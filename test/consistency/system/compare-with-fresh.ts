import type { Comparison } from '../checker/check-freshness.js';
import type { Actor, Floor } from '../workload/client.js';
import type { Instance } from '../workload/instance.js';

/** Asks every question through every instance, and through one that has no cache. */
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
      // Every problem has an id of its own.
      return `${status} ${text.replace(/"requestId":"[^"]*"/, '')}`;
    } catch (error) {
      return `no answer: ${String(error)}`;
    }
  };
  const comparisons: Comparison[] = [];
  for (const question of questions) {
    const [actor, path] = question.split(' ') as [Actor, string];
    const fresh = await ask(uncached, path, actor);
    const answers = instances.map(async (instance) => ({
      path,
      instance: instance.name,
      cached: await ask(instance, path, actor),
      fresh,
    }));
    comparisons.push(...(await Promise.all(answers)));
  }
  return comparisons;
}
