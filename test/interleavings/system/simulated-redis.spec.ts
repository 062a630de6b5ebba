import { CACHE_ASIDE_DEFAULTS } from '../../../libs/cache/src/cache-aside.options.js';
import { describeLedger } from '../../../libs/cache/src/ledger/ledger.contract.js';
import { redisBackend } from './backend.js';
import { Host } from './host.js';
import { SimulatedRedis } from './simulated-redis.js';

const atOnce = { take: () => Promise.resolve() };

// The ledger keeps the same contract over the simulated Redis as over a real one: what is explored over it holds there, too.
describeLedger('RedisLedger over a simulated Redis', () => {
  const redis = new SimulatedRedis();
  const backend = redisBackend({ ...CACHE_ASIDE_DEFAULTS }, new Host('A', atOnce), redis);
  return Promise.resolve({
    ledger: backend.ledger,
    passDeadline: () => {
      redis.passTime(CACHE_ASIDE_DEFAULTS.intentLifetime);
      return Promise.resolve();
    },
    close: () => backend.ledger.close(),
  });
});
