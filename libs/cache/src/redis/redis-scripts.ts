import { createHash } from 'node:crypto';

/*
 * Redis before 8.4 has no command that compares before it sets, so the steps that must be atomic are scripts. All keys of a
 * version store carry the same hash tag, so that a script stays in one slot of a Redis Cluster.
 *
 * KEYS begin with the expiry times and the tags of the pending writes, unless a script says otherwise. Lifetimes are in
 * milliseconds. Only the clock of the Redis server decides when something expires: clocks of two machines are never compared.
 */

/** A script with the digest by which EVALSHA finds it. */
function defineScript<S extends { readonly SCRIPT: string }>(script: S): S & { readonly SHA1: string } {
  return { ...script, SHA1: createHash('sha1').update(script.SCRIPT).digest('hex') };
}

/** Stands before the tags of a pending write that is overdue: its tags were invalidated. */
const OVERDUE = '!';

/** Lua: the time of the server in milliseconds. */
const NOW = `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Lua: the tags of a pending write that is not overdue, if it touches or creates any of `wanted`. */
const TAGS_IF_TOUCHED = `
    local function tagsIfTouched(write, wanted)
      if write:sub(1, 1) == '${OVERDUE}' then return nil end
      local touched = cjson.decode(write)
      for _, tag in ipairs(touched.tags) do if wanted[tag] then return touched.tags end end
      for _, tag in ipairs(touched.creates) do if wanted[tag] then return touched.tags end end
      return nil
    end`;

/**
 * KEYS: also a version key for each tag of the snapshot. ARGV: id, touched and created tags as JSON, lifetimes of the write and
 * of fresh versions, then for each tag of the snapshot the version to set if it has none. Returns the versions.
 */
const begin = defineScript({
  SCRIPT: `${NOW}
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
    write: { readonly id: string; readonly touched: string },
    lifetimes: { readonly write: number; readonly version: number },
    fresh: readonly string[],
  ) => [
    ...[String(keys.length), ...keys],
    ...[write.id, write.touched, String(lifetimes.write), String(lifetimes.version), ...fresh],
  ],
  transformReply: (reply: string[]) => reply,
});

/**
 * KEYS: also a version key for each advance. ARGV: lifetime of versions, number of writes, number of advances; the id of each
 * write; for each advance its tag, the expected version (empty: none), the next version, the version to set if the expected one
 * is not found, and '1' if nothing at all is to be done then; at last the prefix of version keys, the prefix of fresh versions,
 * and the shown tags. Returns whether it was done.
 *
 * Only the pending writes tell which other versions are to be invalidated. Their keys are not among KEYS, but in the same slot.
 */
const complete = defineScript({
  SCRIPT: `${TAGS_IF_TOUCHED}
    local lifetime, writes, advances = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
    local firstAdvance = 4 + writes
    for i = 1, advances do
      local at = firstAdvance + (i - 1) * 5
      if ARGV[at + 4] == '1' and redis.call('GET', KEYS[i + 2]) ~= ARGV[at + 1] then return 0 end
    end

    local refreshed, advanced = {}, {}
    for i = 1, advances do
      local at = firstAdvance + (i - 1) * 5
      local version = ARGV[at + 3]
      if ARGV[at + 1] ~= '' and redis.call('GET', KEYS[i + 2]) == ARGV[at + 1] then version = ARGV[at + 2] end
      redis.call('SET', KEYS[i + 2], version, 'PX', lifetime)
      advanced[ARGV[at]] = true
      refreshed[ARGV[at]] = ARGV[at + 4] == '1'
    end
    for at = 4, firstAdvance - 1 do
      redis.call('ZREM', KEYS[1], ARGV[at])
      redis.call('HDEL', KEYS[2], ARGV[at])
    end

    local prefixAt = firstAdvance + advances * 5
    if #ARGV < prefixAt + 2 then return 1 end
    local shown = {}
    for at = prefixAt + 2, #ARGV do shown[ARGV[at]] = true end
    for n, write in ipairs(redis.call('HVALS', KEYS[2])) do
      for m, tag in ipairs(tagsIfTouched(write, shown) or {}) do
        if not refreshed[tag] and not (advanced[tag] and shown[tag]) then
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
 * KEYS: also version keys. ARGV: lifetime of versions, tags. Returns the ids of the pending writes on any of the tags, and the
 * versions, which are empty where there are none and get that lifetime.
 */
const pending = defineScript({
  SCRIPT: `${TAGS_IF_TOUCHED}
    local wanted = {}
    for i = 2, #ARGV do wanted[ARGV[i]] = true end
    local found = {}
    local writes = redis.call('HGETALL', KEYS[2])
    for i = 1, #writes, 2 do
      if tagsIfTouched(writes[i + 1], wanted) then found[#found + 1] = writes[i] end
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
 * ARGV: lifetime of versions, prefix of version keys, prefix of fresh versions, ids. Invalidates all tags of these pending
 * writes, as far as they are still pending and not overdue, and marks them as overdue.
 */
const invalidateOverdue = defineScript({
  NUMBER_OF_KEYS: 2,
  SCRIPT: `
    for i = 4, #ARGV do
      local write = redis.call('HGET', KEYS[2], ARGV[i])
      if write and write:sub(1, 1) ~= '${OVERDUE}' then
        local touched = cjson.decode(write)
        for n, tags in ipairs({ touched.tags, touched.creates }) do
          for m, tag in ipairs(tags) do
            redis.call('SET', ARGV[2] .. tag, ARGV[3] .. ':' .. i .. ':' .. n .. ':' .. m, 'PX', ARGV[1])
          end
        end
        redis.call('HSET', KEYS[2], ARGV[i], '${OVERDUE}' .. write)
      end
    end
    return 1`,
  transformArguments: (
    keys: readonly string[],
    lifetime: number,
    prefix: string,
    fresh: string,
    writeIds: readonly string[],
  ) => [...keys, String(lifetime), prefix, fresh, ...writeIds],
  transformReply: () => undefined,
});

/** Returns the id and the tags, as JSON, of each expired write. */
const expired = defineScript({
  NUMBER_OF_KEYS: 2,
  SCRIPT: `${NOW}
    local found = {}
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)) do
      local write = redis.call('HGET', KEYS[2], id) or '{"tags":[]}'
      if write:sub(1, 1) == '${OVERDUE}' then write = write:sub(2) end
      found[#found + 1] = id
      found[#found + 1] = write
    end
    return found`,
  transformArguments: (keys: readonly string[]) => [...keys],
  transformReply: (reply: string[]) => reply,
});

/**
 * KEYS: the epoch alone. ARGV: the epoch that was seen (empty: none), the epoch to set if that one still stands, its lifetime.
 * Returns the epoch that stands then.
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
 * KEYS: the mark of a member and the epoch. ARGV: when the mark ends by the server's clock (0: set none), lifetime of the epoch.
 * Returns the time. A mark that arrives after its end is not set.
 */
const checkIn = defineScript({
  NUMBER_OF_KEYS: 2,
  SCRIPT: `${NOW}
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

export const redisScripts = { begin, complete, pending, invalidateOverdue, expired, renewEpoch, checkIn };
