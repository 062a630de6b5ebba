import { RedisVersionStore } from '../../../libs/cache/src/redis/redis-version-store.js';
import { TypeOrmOrdersRepository } from '../../../apps/mes-api/src/orders/repository/typeorm-orders.repository.js';

/** The number of calls after which the process dies. By then, many requests are in progress. */
const CALLS = 25;
/** If set, the number of writes that stop at the point. The process dies when so many have reached it. */
const AMID = Number(process.env.KILLED_AMID ?? 0);

/** The methods after which a process can die, by the values of `KILLED_AFTER`. */
const POINTS = {
  begin: [RedisVersionStore.prototype, 'begin'],
  commit: [TypeOrmOrdersRepository.prototype, 'create'],
  archive: [TypeOrmOrdersRepository.prototype, 'archive'],
  complete: [RedisVersionStore.prototype, 'complete'],
} as const;

/** Kills the process as soon as the last counted call of a method has succeeded, before the call returns. */
function dieAfter(prototype: object, method: string): void {
  const methods = prototype as Record<string, (...given: unknown[]) => Promise<unknown>>;
  const real = methods[method];
  if (!real) throw new Error(`there is no ${method}`);
  let calls = 0;
  methods[method] = async function (this: unknown, ...given) {
    const result = await real.apply(this, given);
    calls += 1;
    if (calls >= (AMID || CALLS)) process.kill(process.pid, 'SIGKILL');
    if (AMID > 0) await new Promise(() => undefined);
    return result;
  };
}

const point = process.env.KILLED_AFTER ?? '';
if (!(point in POINTS)) throw new Error(`KILLED_AFTER must be one of ${Object.keys(POINTS).join(', ')}`);
const [prototype, method] = POINTS[point as keyof typeof POINTS];
dieAfter(prototype, method);
