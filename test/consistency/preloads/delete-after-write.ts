import { RefreshOnWrite } from '../../../libs/cache/src/read/refresh-on-write.js';
import { EntryStore } from '../../../libs/cache/src/entries/entry-store.js';
import { packEntry, unpackEntry } from '../../../libs/cache/src/entries/entry.js';
import { EPOCH, type VersionSnapshot, type Tag } from '../../../libs/cache/src/versions/version-store.js';
import type { RedisConnection } from '../../../libs/cache/src/redis/redis-connection.js';
import { RedisVersionStore } from '../../../libs/cache/src/redis/redis-version-store.js';
import { replaceMethods } from './replace-methods.js';

// A preload for the API. It replaces the protocol with the usual one: there are no tag versions, readers store the responses
// that they load, and writers delete all cached responses under their tags after the commit.

/** The connection of the version store, which the entries share. Every read takes a snapshot first, which sets it. */
let redis: RedisConnection | undefined;

function connection(): RedisConnection {
  if (!redis) throw new Error('no snapshot has been taken yet');
  return redis;
}

function connect(versions: RedisVersionStore): void {
  redis = (versions as unknown as { readonly connection: RedisConnection }).connection;
}

/** A snapshot of versions that never change: the version of a tag is its name. */
function constant(tags: readonly Tag[]): VersionSnapshot {
  return new Map([EPOCH, ...tags].map((tag) => [tag, tag]));
}

function entryKey(key: string): string {
  return `plain:entry:${key}`;
}

/** The key of the set that names all entries under a tag. */
function tagKey(tag: Tag): string {
  return `plain:tag:${tag}`;
}

replaceMethods(RedisVersionStore, {
  snapshot: () =>
    function (this: RedisVersionStore, tags) {
      connect(this);
      return Promise.resolve(constant(tags));
    },
  begin: () => (_, tags) => Promise.resolve({ isAlone: true, snapshot: constant(tags ?? []) }),
  pending: () => (tags) => Promise.resolve({ writeIds: [], snapshot: constant(tags) }),
  sweepExpired: () => () => Promise.resolve([]),
  acquireLease: () => () => Promise.resolve(true),
  releaseLease: () => () => Promise.resolve(),
  complete: () =>
    async function (this: RedisVersionStore, _, advances) {
      connect(this);
      await connection().run('other', async (client) => {
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
    const packed = await connection().run('other', (client) => client.get(entryKey(key)));
    return packed === null ? undefined : unpackEntry(packed).response;
  },
  save: () => async (key, entry) => {
    await connection().run('other', async (client) => {
      await Promise.all(entry.vector.map((tag) => client.sAdd(tagKey(tag), key)));
      await client.set(entryKey(key), packEntry({ ...entry, key }));
    });
    return true;
  },
  prepare: () => () => Promise.resolve(true),
});

replaceMethods(RefreshOnWrite, { dependentOn: () => () => [] });
