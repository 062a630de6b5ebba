import { defineScript } from 'redis';

/*
 * Redis has no command that compares before it sets (SET IFEQ came with 8.4), so the steps that must be atomic are
 * scripts. All keys of one ledger carry the same hash tag, so that a script stays on one slot of a Redis Cluster.
 *
 * Deadlines are set and judged by the clock of the Redis server alone: the clocks of two instances are never compared.
 */

/**
 * KEYS: deadlines, intents, then a version key for each observed tag. ARGV: id, tags as JSON, lifetimes of intent and versions
 * in ms, then for each observed tag the version to set if it has none. Answers with the versions.
 */
const announce = defineScript({
  SCRIPT: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
    local versions = {}
    for i = 3, #KEYS do
      local version = redis.call('GET', KEYS[i])
      if not version then
        version = ARGV[i + 2]
        redis.call('SET', KEYS[i], version, 'PX', ARGV[4])
      end
      versions[i - 2] = version
    end
    return versions`,
  transformArguments: (
    keys: readonly string[],
    intent: { readonly id: string; readonly tags: string },
    lifetimes: { readonly intent: number; readonly version: number },
    fresh: readonly string[],
  ) => [
    ...[String(keys.length), ...keys],
    ...[intent.id, intent.tags, String(lifetimes.intent), String(lifetimes.version), ...fresh],
  ],
  transformReply: (reply: string[]) => reply,
});

/**
 * KEYS: deadlines, intents, then a version key for each flip. ARGV: version lifetime in ms, how many intents there are, the
 * id of each, then for each flip the expected version (empty: none), the version to set if that one is found, the one to set
 * otherwise, and whether to do nothing at all otherwise ('1'). Answers with whether it was done.
 */
const settle = defineScript({
  SCRIPT: `
    local first = 3 + ARGV[2]
    for i = 3, #KEYS do
      local at = first + (i - 3) * 4
      if ARGV[at + 3] == '1' and redis.call('GET', KEYS[i]) ~= ARGV[at] then return 0 end
    end
    for i = 3, #KEYS do
      local at = first + (i - 3) * 4
      local version = ARGV[at + 2]
      if ARGV[at] ~= '' and redis.call('GET', KEYS[i]) == ARGV[at] then version = ARGV[at + 1] end
      redis.call('SET', KEYS[i], version, 'PX', ARGV[1])
    end
    for at = 3, first - 1 do
      redis.call('ZREM', KEYS[1], ARGV[at])
      redis.call('HDEL', KEYS[2], ARGV[at])
    end
    return 1`,
  transformArguments: (
    keys: readonly string[],
    lifetime: number,
    intentIds: readonly string[],
    versions: readonly string[],
  ) => [String(keys.length), ...keys, String(lifetime), String(intentIds.length), ...intentIds, ...versions],
  transformReply: (reply: number) => reply === 1,
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
