import { RefreshOnWrite } from '../../../libs/cache/src/read/refresh-on-write.js';
import { EntryStore } from '../../../libs/cache/src/entries/entry-store.js';
import { packEntry, unpackEntry } from '../../../libs/cache/src/entries/entry.js';
import { EPOCH, type VersionSnapshot, type Tag } from '../../../libs/cache/src/versions/version-store.js';
import type { RedisConnection } from '../../../libs/cache/src/redis/redis-connection.js';
import { RedisVersionStore } from '../../../libs/cache/src/redis/redis-version-store.js';
import { replaceMethods } from './replace-methods.js';

// To be loaded before the API. It replaces the protocol by what most caches do: there are no versions, readers store what they
// have loaded, and writers delete, after their commit, all that is stored under the tags of the write.

/** The connection of the version store, which the entries use, too. Every read begins with a snapshot, so it is known by then. */
let redis: RedisConnection | undefined;

function connection(): RedisConnection {
  if (!redis) throw new Error('no snapshot was taken yet');
  return redis;
}

function connect(versions: RedisVersionStore): void {
  redis = (versions as unknown as { readonly connection: RedisConnection }).connection;
}

/** Versions that never change: each is its tag's name. */
function constant(tags: readonly Tag[]): VersionSnapshot {
  return new Map([EPOCH, ...tags].map((tag) => [tag, tag]));
}

function entryKey(key: string): string {
  return `plain:entry:${key}`;
}

/** The set of the keys of all entries that were stored under a tag. */
function tagKey(tag: Tag): string {
  return `plain:tag:${tag}`;
}

replaceMethods(RedisVersionStore, {
  snapshot: () =>
    function (this: RedisVersionStore, tags) {
      connect(this);
      return Promise.resolve(constant(tags));
    },
  begin: () => (_, tags) => Promise.resolve(constant(tags ?? [])),
  pending: () => (tags) => Promise.resolve({ writeIds: [], snapshot: constant(tags) }),
  sweepExpired: () => () => Promise.resolve([]),
  acquireLease: () => () => Promise.resolve(true),
  releaseLease: () => () => Promise.resolve(),
  complete: () =>
    async function (this: RedisVersionStore, _, advances) {
      connect(this);
      await connection().run(async (client) => {
        const stored = await Promise.all(advances.map(({ tag }) => client.sMembers(tagKey(tag))));
        const keys = stored.flat().map(entryKey);
        if (keys.length > 0) await client.del(keys);
      });
      return true;
    },
});

replaceMethods(EntryStore, {
  findL1: () => () => undefined,
  findL2: () => async (key) => {
    const packed = await connection().run((client) => client.get(entryKey(key)));
    return packed === null ? undefined : unpackEntry(packed).response;
  },
  save: () => async (key, entry) => {
    await connection().run(async (client) => {
      await Promise.all(entry.vector.map((tag) => client.sAdd(tagKey(tag), key)));
      await client.set(entryKey(key), packEntry(entry));
    });
    return true;
  },
  prepare: () => () => Promise.resolve(true),
});

replaceMethods(RefreshOnWrite, { takeDependentOn: () => () => [] });
