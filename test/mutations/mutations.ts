import type { SurroundingsName } from '../interleavings/explore.js';

export interface Edit {
  /** The path from the root of the project. */
  readonly file: string;
  /** The text to replace, which occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A set of edits that breaks the protocol of the cache. */
export interface Mutation {
  readonly name: string;
  /** The surroundings in which the exploration finds the mutation. */
  readonly surroundings: SurroundingsName;
  readonly edits: readonly Edit[];
}

const RESPONSES = 'libs/cache/src/read/response-cache.ts';
const ENTRIES = 'libs/cache/src/entries/entry-store.ts';
const MEMORY_STORE = 'libs/cache/src/versions/memory-version-store.ts';
const MONOTONIC_READS = 'libs/cache/src/read/monotonic-reads.ts';
const REDIS_STORE = 'libs/cache/src/redis/redis-version-store.ts';
const REFRESHER = 'libs/cache/src/write/refresher.ts';
const VECTOR = 'libs/cache/src/versions/version-vector.ts';
const SWEEPER = 'libs/cache/src/versions/pending-write-sweeper.ts';
const WRITER = 'libs/cache/src/write/cache-writer.ts';

const IS_STORABLE = 'const isStorable = snapshot !== undefined && isCurrent(vector, tags, snapshot);';
const SAVE = 'if (isStorable) stored = await this.entries.save(key, { vector, response }, { asker });';
const PENDING_WRITES_WAIT = 'const snapshot = await this.monotonicReads.settled(tags);';
const LOADED = 'const loaded = await this.load(load, askers);';
const CREATED = 'const created = writes.flatMap((write) => write.created ?? []);';
const ADVANCES = 'const advances = changed.map(';
const ALL_TAGS_CURRENT = 'tags.every((tag, i) => vector[i + 1] === snapshot.get(tag))';
const SAME_VECTOR = 'if (entry?.vector.join() !== vector.join()) return';
const INVALIDATE = 'await this.advance([], randomAdvances(tags));\n    this.events';
const REFRESHER_SNAPSHOT = 'const snapshot = isKnown ? known : await';

export const mutations: readonly Mutation[] = [
  {
    name: 'writers delete entries, and readers compare no versions',
    surroundings: 'embedded',
    edits: [
      { file: VECTOR, find: 'vector.length === tags.length + 1 &&', replace: 'true ||' },
      { file: WRITER, find: CREATED, replace: `await this.entries.cache.clear();\n    ${CREATED}` },
    ],
  },
  {
    name: 'a response is stored under the versions at the time of the store',
    surroundings: 'quiet',
    edits: [
      { file: RESPONSES, find: IS_STORABLE, replace: '' },
      {
        file: RESPONSES,
        find: SAVE,
        replace: 'if (snapshot) stored = await this.entries.save(key, { vector: vectorOf(tags, snapshot), response });',
      },
    ],
  },
  {
    name: 'the snapshot for a created order is taken after the commit',
    surroundings: 'quiet',
    edits: [
      {
        file: WRITER,
        find: CREATED,
        replace: `const created = await Promise.all(writes.flatMap((write) => write.created ?? []).map(async (one) =>
          ({ ...one, snapshot: await this.unlessAway(() => this.versions.ensureVersions([one.tag])) })));`,
      },
    ],
  },
  {
    name: 'a refreshed count is patched in place',
    surroundings: 'quiet',
    edits: [
      {
        file: REFRESHER,
        find: 'toCachedResponse(await load())',
        replace: `toCachedResponse(await this.entries.findL2(key, vectorOf(tags, snapshot)).then((found) =>
          found && key === 'count' ? Number(found.identity.body.toString()) + 1 : load()))`,
      },
    ],
  },
  {
    name: 'writers advance nothing',
    surroundings: 'quiet',
    edits: [{ file: WRITER, find: ADVANCES, replace: 'const advances = [].map(' }],
  },
  {
    name: 'a writer advances only one of its tags',
    surroundings: 'quiet',
    edits: [{ file: WRITER, find: ADVANCES, replace: 'const advances = changed.slice(0, 1).map(' }],
  },
  {
    name: 'a reader joins a load that began under older versions',
    surroundings: 'quiet',
    edits: [{ file: VECTOR, find: "return [shape, key, ...vector].join('\\n');", replace: 'return key;' }],
  },
  {
    name: 'an entry in L1 is a hit for every snapshot',
    surroundings: 'quiet',
    edits: [
      {
        file: ENTRIES,
        find: 'return entry && isCurrent(entry.vector, tags, snapshot) ? entry.response : undefined;',
        replace: 'return entry?.response;',
      },
    ],
  },
  {
    name: 'an entry in L2 is a hit for every snapshot',
    surroundings: 'quiet',
    edits: [{ file: ENTRIES, find: SAME_VECTOR, replace: 'if (!entry) return' }],
  },
  {
    name: 'entries in L1 are validated by the epoch alone',
    surroundings: 'quiet',
    edits: [{ file: VECTOR, find: ALL_TAGS_CURRENT, replace: 'true' }],
  },
  {
    name: 'entries in L1 are validated by the epoch and their first tag',
    surroundings: 'quiet',
    edits: [
      {
        file: VECTOR,
        find: ALL_TAGS_CURRENT,
        replace: 'tags.slice(0, 1).every((tag, i) => vector[i + 1] === snapshot.get(tag))',
      },
    ],
  },
  {
    name: 'entries are not validated by the epoch',
    surroundings: 'troubled',
    edits: [
      { file: VECTOR, find: 'vector[0] === snapshot.get(EPOCH) &&', replace: '' },
      {
        file: ENTRIES,
        find: SAME_VECTOR,
        replace: 'if (entry?.vector.slice(1).join() !== vector.slice(1).join()) return',
      },
    ],
  },
  {
    name: 'a write returns before its tags are advanced',
    surroundings: 'quiet',
    edits: [{ file: WRITER, find: 'await this.rounds.run(() => {', replace: 'void this.rounds.run(() => {' }],
  },
  {
    name: 'a write shares a round that began before its commit',
    surroundings: 'quiet',
    edits: [
      {
        file: WRITER,
        find: 'this.committed.push(write);',
        replace: 'this.committed.push(write);\n    if (this.rounds.current) return this.rounds.current;',
      },
    ],
  },
  {
    name: 'responses are refreshed before the snapshot of their tags is taken',
    surroundings: 'quiet',
    edits: [
      {
        file: REFRESHER,
        find: REFRESHER_SNAPSHOT,
        replace: `const early = await Promise.all(responses.map(({ load }) => load()));
          const snapshot = await`,
      },
      {
        file: REFRESHER,
        find: 'responses.map(async ({ key, tags, load }) => {',
        replace: 'responses.map(async ({ key, tags }, i) => {\n        const load = async () => early[i];',
      },
    ],
  },
  {
    name: 'a load does not wait for pending writes that it may show',
    surroundings: 'quiet',
    edits: [
      {
        file: RESPONSES,
        find: PENDING_WRITES_WAIT,
        replace:
          'const seen = await this.snapshot(tags);\n      const snapshot = seen instanceof Map ? seen : undefined;',
      },
    ],
  },
  {
    name: 'a load looks up pending writes before it begins',
    surroundings: 'quiet',
    edits: [
      { file: RESPONSES, find: PENDING_WRITES_WAIT, replace: '' },
      { file: RESPONSES, find: LOADED, replace: `${PENDING_WRITES_WAIT}\n      ${LOADED}` },
    ],
  },
  {
    name: 'a reader does not invalidate the tags of an overdue write',
    surroundings: 'quiet',
    edits: [{ file: MONOTONIC_READS, find: 'await this.versions.invalidateOverdue(shown);', replace: '' }],
  },
  {
    name: 'an advance does not compare before it sets',
    surroundings: 'embedded',
    edits: [
      {
        file: MEMORY_STORE,
        find: 'one.swap && this.isExpected(one) ? one.swap.next',
        replace: 'one.swap ? one.swap.next',
      },
    ],
  },
  {
    name: 'an expired pending write is removed without invalidating its tags',
    surroundings: 'embedded',
    edits: [{ file: MEMORY_STORE, find: 'await this.invalidate(tags);', replace: '' }],
  },
  {
    name: 'no instance sweeps expired pending writes',
    surroundings: 'quiet',
    edits: [{ file: SWEEPER, find: 'if (!this.versions.available) return;', replace: 'return;' }],
  },
  {
    name: 'a write of unknown outcome does not stay pending',
    surroundings: 'quiet',
    edits: [
      {
        file: WRITER,
        find: INVALIDATE,
        replace: `const pending = await this.unlessAway(() => this.versions.pending(tags));
          await this.advance(pending?.writeIds ?? [], randomAdvances(tags));\n    this.events`,
      },
    ],
  },
  {
    name: 'a write of unknown outcome invalidates nothing',
    surroundings: 'quiet',
    edits: [
      {
        file: WRITER,
        find: INVALIDATE,
        replace: `await this.unlessAway(async () => this.versions.complete((await this.versions.pending(tags)).writeIds, []));
          if (tags.length > 0) return;\n    this.events`,
      },
    ],
  },
  {
    name: 'writes are not relayed while the version store is unavailable',
    surroundings: 'troubled',
    edits: [{ file: WRITER, find: 'await this.backplane?.relay(tags);', replace: '' }],
  },
  {
    name: 'the epoch is not renewed after a failover of Redis',
    surroundings: 'troubled',
    edits: [{ file: REDIS_STORE, find: 'if (labelOf(epoch) !== label || unconfirmed', replace: 'if (unconfirmed' }],
  },
  {
    name: 'unconfirmed invalidations are forgotten',
    surroundings: 'troubled',
    edits: [{ file: REDIS_STORE, find: 'this.unconfirmed.add(tags);', replace: '' }],
  },
  {
    name: 'Redis is trusted before unconfirmed invalidations are carried out',
    surroundings: 'troubled',
    edits: [
      {
        file: REDIS_STORE,
        find: 'await this.completeOn(client, randomAdvances(tags), { shown: tags });',
        replace: '',
      },
    ],
  },
  {
    name: 'a tag without a version gets one only after the load',
    surroundings: 'quiet',
    edits: [
      {
        file: RESPONSES,
        find: 'const complete = await this.withAllVersions(keyAndTags.tags, found);',
        replace: 'const complete = found;',
      },
      {
        file: VECTOR,
        find: 'if (version === undefined) throw',
        replace: "if (version === undefined) return 'none';\n    if (version === undefined) throw",
      },
      { file: RESPONSES, find: IS_STORABLE, replace: '' },
      {
        file: RESPONSES,
        find: SAVE,
        replace: `if (snapshot) stored = await this.entries.save(key, { vector: vector.map((one, i) => one === 'none' ? (snapshot.get(tags[i - 1]) ?? one) : one), response });`,
      },
    ],
  },
];

/** Explorations of unchanged code, which must find no violation. */
export const controls: readonly Mutation[] = (['quiet', 'troubled', 'embedded'] as const).map((surroundings) => ({
  name: `unchanged code, ${surroundings}`,
  surroundings,
  edits: [],
}));
