import { createHash } from 'node:crypto';
import type { Advance, PendingWrite, Tag, Version } from '../versions/version-store.js';

/*
 * The steps of the version store that must be atomic. Redis before 8.4 cannot compare before it sets, so they are scripts.
 *
 * KEYS are the hash of the pending writes and the start of version keys, which a colon and the tag follow. A script cannot name all
 * its version keys beforehand, because it finds tags in that hash. All keys have the same hash tag, so they lie in one slot of a Redis
 * Cluster. While that slot moves to another node, Redis refuses all scripts, since no key has the name of that start.
 *
 * ARGV is one value as JSON. Lifetimes are in milliseconds. Only the clock of the Redis server decides when a write expires.
 */

/** What all scripts are given. */
export interface Given {
  /** The prefix of fresh versions, which never repeats. */
  readonly random: string;
  /** The prefix of fresh versions of the epoch. */
  readonly epochLabel: string;
  /** The lifetime of versions under which a response is stored. */
  readonly versionLifetime: number;
}

/** Lua that all scripts begin with. */
const PRELUDE = `
  local given = cjson.decode(ARGV[1])

  local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
  end

  local function versionKey(tag) return KEYS[2] .. ':' .. tag end

  local function versionOf(tag) return redis.call('GET', versionKey(tag)) or '' end

  local function setVersion(tag, version, lifetime)
    redis.call('SET', versionKey(tag), version, 'PX', lifetime or given.versionLifetime)
  end

  local drawn = 0
  local function fresh(tag)
    drawn = drawn + 1
    return (tag == 'epoch' and given.epochLabel or '') .. given.random .. ':' .. drawn
  end

  local function invalidate(tags)
    for _, tag in ipairs(tags) do setVersion(tag, fresh(tag)) end
  end

  local function setWrite(write) redis.call('HSET', KEYS[1], write.id, cjson.encode(write)) end

  local function allWrites()
    local writes = redis.call('HVALS', KEYS[1])
    for i, write in ipairs(writes) do writes[i] = cjson.decode(write) end
    return writes
  end

  local function setOf(tags)
    local set = {}
    for _, tag in ipairs(tags) do set[tag] = true end
    return set
  end

  local function includesAny(tags, wanted)
    for _, tag in ipairs(tags) do if wanted[tag] then return true end end
    return false
  end

  local function pendingWritesOn(tags)
    local wanted, found = setOf(tags), {}
    for _, write in ipairs(#tags > 0 and allWrites() or {}) do
      local touches = includesAny(write.tags, wanted) or includesAny(write.creates, wanted)
      if touches and not write.isOverdue then found[#found + 1] = write end
    end
    return found
  end
`;

/** A script as the `redis` package takes it. */
interface Script<More, Reply> {
  readonly SCRIPT: string;
  readonly SHA1: string;
  readonly NUMBER_OF_KEYS: number;
  readonly transformArguments: (keys: readonly [writes: string, versions: string], given: Given & More) => string[];
  readonly transformReply: (reply: Reply) => Reply;
}

function script<More, Reply>(lua: string): Script<More, Reply> {
  const SCRIPT = PRELUDE + lua;
  return {
    SCRIPT,
    SHA1: createHash('sha1').update(SCRIPT).digest('hex'),
    NUMBER_OF_KEYS: 2,
    transformArguments: (keys, given) => [...keys, JSON.stringify(given)],
    transformReply: (reply) => reply,
  };
}

/**
 * Notes the pending write, if there is one. Returns the number of the other ones, and the versions of the tags. Missing ones get a
 * fresh version.
 */
const begin = script<
  {
    readonly tags: readonly Tag[];
    readonly unusedLifetime: number;
    readonly write?: Required<PendingWrite>;
    readonly writeLifetime: number;
  },
  readonly [others: number, versions: Version[]]
>(`
  local others = 0
  if given.write then
    -- HLEN would be one more command that users need a right to.
    others = #redis.call('HVALS', KEYS[1])
    given.write.expiresAt = now() + given.writeLifetime
    setWrite(given.write)
  end
  local versions = {}
  for i, tag in ipairs(given.tags) do
    versions[i] = versionOf(tag)
    if versions[i] == '' then
      versions[i] = fresh(tag)
      setVersion(tag, versions[i], tag ~= 'epoch' and given.unusedLifetime or nil)
    end
  end
  return { others, versions }`);

/** See {@link VersionStore.complete}. Returns 0 if a swap refused, else 1. */
const complete = script<
  {
    readonly writeIds: readonly string[];
    readonly advances: readonly Advance[];
    readonly shown: readonly Tag[];
    readonly leaseKeys: readonly string[];
    readonly leaseLifetime: number;
  },
  number
>(`
  local function isExpected(one) return one.swap and versionOf(one.tag) == one.swap.expected end
  local function isRefresh(one) return one.swap and one.swap.otherwise == 'refuse' end

  for _, one in ipairs(given.advances) do
    if isRefresh(one) and not isExpected(one) then return 0 end
  end
  local settled, shown = {}, setOf(given.shown)
  for _, one in ipairs(given.advances) do
    setVersion(one.tag, isExpected(one) and one.swap.next or fresh(one.tag))
    settled[one.tag] = isRefresh(one) or shown[one.tag]
  end
  for _, id in ipairs(given.writeIds) do redis.call('HDEL', KEYS[1], id) end
  for _, write in ipairs(pendingWritesOn(given.shown)) do
    for _, tag in ipairs(write.tags) do
      if not settled[tag] then invalidate({ tag }) end
    end
  end
  for _, key in ipairs(given.leaseKeys) do redis.call('SET', key, '', 'PX', given.leaseLifetime) end
  return 1`);

/** Returns the ids of the pending writes on any of the tags, and the versions, which live on. Missing ones are empty. */
const pending = script<{ readonly tags: readonly Tag[] }, [writeIds: string[], versions: Version[]]>(`
  local ids, versions = {}, {}
  for i, write in ipairs(pendingWritesOn(given.tags)) do ids[i] = write.id end
  for i, tag in ipairs(given.tags) do
    versions[i] = versionOf(tag)
    redis.call('PEXPIRE', versionKey(tag), given.versionLifetime)
  end
  return { ids, versions }`);

/** Invalidates all tags of these pending writes and marks them as overdue. Skips those that are overdue already. */
const invalidateOverdue = script<{ readonly writeIds: readonly string[] }, null>(`
  local ids = setOf(given.writeIds)
  for _, write in ipairs(allWrites()) do
    if ids[write.id] and not write.isOverdue then
      invalidate(write.tags)
      invalidate(write.creates)
      write.isOverdue = true
      setWrite(write)
    end
  end`);

/** Invalidates the tags of expired writes, removes these writes, and returns the tags. */
const sweepExpired = script<object, Tag[]>(`
  local swept, time = {}, now()
  for _, write in ipairs(allWrites()) do
    if write.expiresAt <= time then
      redis.call('HDEL', KEYS[1], write.id)
      for _, tags in ipairs({ write.tags, write.creates }) do
        invalidate(tags)
        for _, tag in ipairs(tags) do swept[#swept + 1] = tag end
      end
    end
  end
  return swept`);

/**
 * Sets the presence key of a member until `endsAt` by the server's clock, unless that time has passed. A key that has expired is set
 * again only if the member may return. Returns the server's time, and how long the key lasts; less than 0 if there is none.
 */
const checkIn = script<
  { readonly presenceKey: string; readonly endsAt: number; readonly mayReturn: boolean },
  readonly [time: number, left: number]
>(`
  local time = now()
  local isSet = given.mayReturn or redis.call('EXISTS', given.presenceKey) == 1
  if given.endsAt > time and isSet then redis.call('SET', given.presenceKey, '', 'PXAT', given.endsAt) end
  redis.call('PEXPIRE', versionKey('epoch'), given.versionLifetime)
  return { time, redis.call('PTTL', given.presenceKey) }`);

/**
 * Runs each command that the other scripts use, on keys that nobody reads, and removes the keys. Fails with the names of the
 * commands that the user may not run.
 */
const tryOut = script<{ readonly presenceKey: string }, null>(`
  local forbidden = {}
  local function try(command, ...)
    local reply = redis.pcall(command, ...)
    if type(reply) ~= 'table' or not reply.err then return reply end
    if not string.find(reply.err, "can't", 1, true) and not string.find(reply.err, 'NOPERM', 1, true) then error(reply) end
    forbidden[#forbidden + 1] = command
  end

  local version, member = versionKey(given.random), given.presenceKey
  local time = try('TIME')
  try('GET', version)
  try('SET', version, '', 'PX', 1000)
  try('PEXPIRE', version, 1000)
  try('SET', member, '', 'PX', 1000)
  try('EXISTS', member)
  try('PTTL', member)
  try('DEL', version, member)
  try('HSET', KEYS[1], given.random, '')
  try('HDEL', KEYS[1], given.random)
  try('HVALS', KEYS[1])
  if #forbidden > 0 then
    return redis.error_reply('NOPERM this user may not run ' .. table.concat(forbidden, ', ') .. ' on the keys of the cache')
  end`);

export const redisScripts = { begin, complete, pending, invalidateOverdue, sweepExpired, checkIn, tryOut };
