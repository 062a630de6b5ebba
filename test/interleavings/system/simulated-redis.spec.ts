import { CACHE_DEFAULTS } from '../../../libs/cache/src/cache.options.js';
import { describeVersionStore } from '../../../libs/cache/src/versions/version-store.contract.js';
import { redisBackend } from './backend.js';
import { Host } from './host.js';
import { SimulatedRedis } from './simulated-redis.js';

const atOnce = { take: () => Promise.resolve() };

// The version store keeps the same contract over the simulated Redis as over a real one, so explored runs speak for both.
describeVersionStore('RedisVersionStore over a simulated Redis', () => {
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
