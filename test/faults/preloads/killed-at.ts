import { RedisVersionStore } from '../../../libs/cache/src/redis/redis-version-store.js';
import { TypeOrmOrdersRepository } from '../../../apps/mes-api/src/orders/repository/typeorm-orders.repository.js';

/** After how many calls this process dies: late enough that there is much to be done at the same time. */
const CALLS = 25;
/** How many writes must be at that point at the same time, instead: none of them goes on from there. */
const AMID = Number(process.env.KILLED_AMID ?? 0);

/** After what a process can be made to die: variable `KILLED_AFTER`. */
const POINTS = {
  begin: [RedisVersionStore.prototype, 'begin'],
  commit: [TypeOrmOrdersRepository.prototype, 'create'],
  complete: [RedisVersionStore.prototype, 'complete'],
} as const;

/** Lets the process die as soon as the last of these calls of the method has succeeded, before its caller learns of that. */
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
