import { defineScript } from 'redis';

/*
 * Redis has no command that compares before it sets (SET IFEQ came with 8.4), so the steps that must be atomic are
 * scripts. All keys of one ledger carry the same hash tag, so that a script stays on one slot of a Redis Cluster.
 *
 * Deadlines are set and judged by the clock of the Redis server alone: the clocks of two instances are never compared.
 */

/**
 * KEYS: deadlines, intents, then a version key for each observed tag. ARGV: id, tags as JSON, lifetime in ms, version
 * lifetime in ms, then for each observed tag the version to set if it has none. Answers with the versions.
 */
const announce = defineScript({
  SCRIPT: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
    local versions = {}
    for i = 3, #KEYS do
      versions[i - 2] = redis.call('GET', KEYS[i])
      if not versions[i - 2] then
        versions[i - 2] = ARGV[i + 2]
        redis.call('SET', KEYS[i], ARGV[i + 2], 'PX', ARGV[4])
      end
    end
    return versions`,
  transformArguments: (
    keys: readonly string[],
    id: string,
    tags: string,
    lifetimes: { readonly intent: number; readonly version: number },
    fresh: readonly string[],
  ) => [String(keys.length), ...keys, id, tags, String(lifetimes.intent), String(lifetimes.version), ...fresh],
  transformReply: (reply: string[]) => reply,
});

/**
 * KEYS: deadlines, intents, then a version key for each flip. ARGV: intent id, version lifetime in ms, then for each
 * flip the expected version (empty: none), the version to set if that one is found, and the one to set otherwise.
 */
const settle = defineScript({
  SCRIPT: `
    for i = 3, #KEYS do
      local at = 3 + (i - 3) * 3
      local version = ARGV[at + 2]
      if ARGV[at] ~= '' and redis.call('GET', KEYS[i]) == ARGV[at] then version = ARGV[at + 1] end
      redis.call('SET', KEYS[i], version, 'PX', ARGV[2])
    end
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('HDEL', KEYS[2], ARGV[1])
    return redis.status_reply('OK')`,
  transformArguments: (keys: readonly string[], id: string, lifetime: number, versions: readonly string[]) => [
    String(keys.length),
    ...keys,
    id,
    String(lifetime),
    ...versions,
  ],
  transformReply: (reply: string) => reply,
});

/** KEYS: deadlines, intents. Answers with the id and the tags of each intent that is past its deadline. */
const overdue = defineScript({
  NUMBER_OF_KEYS: 2,
  SCRIPT: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local found = {}
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)) do
      found[#found + 1] = id
      found[#found + 1] = redis.call('HGET', KEYS[2], id) or '[]'
    end
    return found`,
  transformArguments: (keys: readonly string[]) => [...keys],
  transformReply: (reply: string[]) => reply,
});

export const redisScripts = { announce, settle, overdue };
