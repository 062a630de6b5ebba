import { CACHE_DEFAULTS } from '../../../libs/cache/src/cache.options.js';
import { describeVersionStore } from '../../../libs/cache/src/versions/version-store.contract.js';
import { redisBackend } from './backend.js';
import { Host } from './host.js';
import { SimulatedRedis } from './simulated-redis.js';

const atOnce = { take: () => Promise.resolve() };

// The simulated Redis must satisfy the same contract as a real one. Otherwise the explored runs prove nothing.
describeVersionStore('RedisVersionStore on a simulated Redis', () => {
  const redis = new SimulatedRedis();
  const backend = redisBackend({ ...CACHE_DEFAULTS, deadline: 5_000 }, new Host('A', atOnce), redis);
  return Promise.resolve({
    versions: backend.versionStore,
    passDeadline: () => {
      redis.passTime(CACHE_DEFAULTS.pendingWriteLifetime);
      return Promise.resolve();
    },
    close: () => backend.versionStore.close(),
  });
});
