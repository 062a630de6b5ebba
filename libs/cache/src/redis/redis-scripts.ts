import { defineScript } from 'redis';

/*
 * Redis has no command that compares before it sets (SET IFEQ came with 8.4), so the steps that must be atomic are
 * scripts. All keys of one versionStore carry the same hash tag, so that a script stays on one slot of a Redis Cluster.
 *
 * Deadlines are set and judged by the clock of the Redis server alone: the clocks of two instances are never compared.
 */

/** Stands before the tags of a write that is expired and whose tags were invalidated. */
const OVERDUE = '!';

/**
 * KEYS: deadlines, pendingWrites, then a version key for each observed tag. ARGV: id, touched and made tags as JSON, lifetimes of
 * pendingWrite and fresh versions in ms, then for each observed tag the version to set if it has none. Answers with the versions.
 */
const begin = defineScript({
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
    pendingWrite: { readonly id: string; readonly touched: string },
    lifetimes: { readonly pendingWrite: number; readonly version: number },
    fresh: readonly string[],
  ) => [
    ...[String(keys.length), ...keys],
    ...[pendingWrite.id, pendingWrite.touched, String(lifetimes.pendingWrite), String(lifetimes.version), ...fresh],
  ],
  transformReply: (reply: string[]) => reply,
});

/**
 * KEYS: deadlines, pendingWrites, then a version key for each advance. ARGV: version lifetime in ms, how many pendingWrites there are and
 * how many advances; the id of each pendingWrite; for each advance its tag, the expected version (empty: none), the version to set if that
 * one is found, the one to set otherwise, and whether to do nothing at all otherwise ('1'); then what version keys begin with,
 * with what fresh versions begin, and the tags that are shown. Answers with whether it was done.
 *
 * Which version keys go out because writes under way touch what is shown only the pendingWrites tell: those are not among KEYS, but
 * on the same slot.
 */
const complete = defineScript({
  SCRIPT: `
    local lifetime, pendingWrites, advances = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
    local firstFlip = 4 + pendingWrites
    for i = 1, advances do
      local at = firstFlip + (i - 1) * 5
      if ARGV[at + 4] == '1' and redis.call('GET', KEYS[i + 2]) ~= ARGV[at + 1] then return 0 end
    end

    local madeAnew, advanced = {}, {}
    for i = 1, advances do
      local at = firstFlip + (i - 1) * 5
      local version = ARGV[at + 3]
      if ARGV[at + 1] ~= '' and redis.call('GET', KEYS[i + 2]) == ARGV[at + 1] then version = ARGV[at + 2] end
      redis.call('SET', KEYS[i + 2], version, 'PX', lifetime)
      advanced[ARGV[at]] = true
      madeAnew[ARGV[at]] = ARGV[at + 4] == '1'
    end
    for at = 4, firstFlip - 1 do
      redis.call('ZREM', KEYS[1], ARGV[at])
      redis.call('HDEL', KEYS[2], ARGV[at])
    end

    local prefixAt = firstFlip + advances * 5
    if #ARGV < prefixAt + 2 then return 1 end
    local shown = {}
    for at = prefixAt + 2, #ARGV do shown[ARGV[at]] = true end
    for n, pendingWrite in ipairs(redis.call('HVALS', KEYS[2])) do
      local isShown, touched = false, { tags = {}, made = {} }
      if pendingWrite:sub(1, 1) ~= '${OVERDUE}' then touched = cjson.decode(pendingWrite) end
      for _, tag in ipairs(touched.tags) do isShown = isShown or shown[tag] end
      for _, tag in ipairs(touched.made) do isShown = isShown or shown[tag] end
      for m, tag in ipairs(touched.tags) do
        if isShown and not madeAnew[tag] and not (advanced[tag] and shown[tag]) then
          redis.call('SET', ARGV[prefixAt] .. tag, ARGV[prefixAt + 1] .. ':' .. n .. ':' .. m, 'PX', lifetime)
        end
      end
    end
    return 1`,
  transformArguments: (
    keys: readonly string[],
    lifetime: number,
    writeIds: readonly string[],
    advances: readonly string[],
    shown: { readonly prefix: string; readonly fresh: string; readonly tags: readonly string[] },
  ) => [
    ...[String(keys.length), ...keys, String(lifetime), String(writeIds.length), String(keys.length - 2)],
    ...[...writeIds, ...advances, shown.prefix, shown.fresh, ...shown.tags],
  ],
  transformReply: (reply: number) => reply === 1,
});

/**
 * KEYS: deadlines, pendingWrites, version keys. ARGV: lifetime of versions in ms, tags. Answers with the ids of the pendingWrites that touch
 * or make any of the tags, and with the versions, which are empty where there are none, and are kept that long from now on.
 */
const pending = defineScript({
  SCRIPT: `
    local wanted = {}
    for i = 2, #ARGV do wanted[ARGV[i]] = true end
    local found = {}
    local pendingWrites = redis.call('HGETALL', KEYS[2])
    for i = 1, #pendingWrites, 2 do
      if pendingWrites[i + 1]:sub(1, 1) ~= '${OVERDUE}' then
        local touched = cjson.decode(pendingWrites[i + 1])
        local isWanted = false
        for _, tag in ipairs(touched.tags) do isWanted = isWanted or wanted[tag] end
        for _, tag in ipairs(touched.made) do isWanted = isWanted or wanted[tag] end
        if isWanted then found[#found + 1] = pendingWrites[i] end
      end
    end
    local versions = {}
    for i = 3, #KEYS do
      versions[i - 2] = redis.call('GET', KEYS[i]) or ''
      if versions[i - 2] ~= '' then redis.call('PEXPIRE', KEYS[i], ARGV[1]) end
    end
    return { found, versions }`,
  transformArguments: (keys: readonly string[], lifetime: number, tags: readonly string[]) => [
    ...[String(keys.length), ...keys, String(lifetime)],
    ...tags,
  ],
  transformReply: ([writeIds, versions]: [string[], string[]]) => ({ writeIds, versions }),
});

/**
 * KEYS: deadlines, pendingWrites. ARGV: lifetime of versions in ms, what version keys begin with, what fresh versions begin with, tags.
 * Invalidates what the writes under way touch that touch or make any of the tags, and marks these writes as overtaken.
 */
const invalidateOverdue = defineScript({
  NUMBER_OF_KEYS: 2,
  SCRIPT: `
    local wanted = {}
    for i = 4, #ARGV do wanted[ARGV[i]] = true end
    local pendingWrites = redis.call('HGETALL', KEYS[2])
    for i = 1, #pendingWrites, 2 do
      if pendingWrites[i + 1]:sub(1, 1) ~= '${OVERDUE}' then
        local touched = cjson.decode(pendingWrites[i + 1])
        local isWanted = false
        for _, tag in ipairs(touched.tags) do isWanted = isWanted or wanted[tag] end
        for _, tag in ipairs(touched.made) do isWanted = isWanted or wanted[tag] end
        if isWanted then
          for m, tag in ipairs(touched.tags) do
            redis.call('SET', ARGV[2] .. tag, ARGV[3] .. ':' .. i .. ':' .. m, 'PX', ARGV[1])
          end
          redis.call('HSET', KEYS[2], pendingWrites[i], '${OVERDUE}' .. pendingWrites[i + 1])
        end
      end
    end
    return 1`,
  transformArguments: (
    keys: readonly string[],
    lifetime: number,
    prefix: string,
    fresh: string,
    tags: readonly string[],
  ) => [...keys, String(lifetime), prefix, fresh, ...tags],
  transformReply: () => undefined,
});

/** KEYS: deadlines, pendingWrites. Answers with the id and the tags of each pendingWrite that is past its deadline. */
const expired = defineScript({
  NUMBER_OF_KEYS: 2,
  SCRIPT: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local found = {}
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)) do
      found[#found + 1] = id
      local pendingWrite = redis.call('HGET', KEYS[2], id) or '{"tags":[]}'
      if pendingWrite:sub(1, 1) == '${OVERDUE}' then pendingWrite = pendingWrite:sub(2) end
      found[#found + 1] = pendingWrite
    end
    return found`,
  transformArguments: (keys: readonly string[]) => [...keys],
  transformReply: (reply: string[]) => reply,
});

/**
 * KEYS: the epoch. ARGV: the epoch that was seen (empty: none), the one to set if it still stands, its lifetime in ms. Answers
 * with the epoch that stands then.
 */
const renewEpoch = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local epoch = redis.call('GET', KEYS[1]) or ''
    if epoch ~= ARGV[1] then return epoch end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return ARGV[2]`,
  transformArguments: (key: string, seen: string, fresh: string, lifetime: number) => [
    key,
    seen,
    fresh,
    String(lifetime),
  ],
  transformReply: (reply: string) => reply,
});

/**
 * KEYS: the sign of a member, the epoch. ARGV: when the sign ends, in ms by the clock of Redis (0: leave none), lifetime of the
 * epoch in ms. Answers with the time. A sign that arrives after it should have ended leaves none.
 */
const checkIn = defineScript({
  NUMBER_OF_KEYS: 2,
  SCRIPT: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    if tonumber(ARGV[1]) > now then redis.call('SET', KEYS[1], '', 'PXAT', ARGV[1]) end
    redis.call('PEXPIRE', KEYS[2], ARGV[2])
    return now`,
  transformArguments: (keys: readonly [string, string], endsAt: number, lifetime: number) => [
    ...keys,
    String(endsAt),
    String(lifetime),
  ],
  transformReply: (reply: number) => reply,
});

/**
 * KEYS: a counter. ARGV: what to add, and how many ms it lives from its first addition on. Answers with its total and with how
 * many ms are left.
 */
const count = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local total = redis.call('INCRBY', KEYS[1], ARGV[1])
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
      left = ARGV[2]
    end
    return {total, tonumber(left)}`,
  transformArguments: (key: string, addition: number, lifetime: number) => [key, String(addition), String(lifetime)],
  transformReply: ([total, endsIn]: [number, number]) => ({ total, endsIn }),
});

export const redisScripts = { begin, complete, pending, invalidateOverdue, expired, renewEpoch, checkIn, count };
