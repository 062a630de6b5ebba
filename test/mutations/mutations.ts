import type { SurroundingsName } from '../interleavings/explore.js';

export interface Edit {
  /** From the root of the project. */
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A way to break the protocol of the cache. */
export interface Mutation {
  readonly name: string;
  /** Where it is sure to be found. */
  readonly surroundings: SurroundingsName;
  readonly edits: readonly Edit[];
}

const ANSWERS = 'libs/cache/src/read/response-cache.ts';
const ENTRIES = 'libs/cache/src/entries/entry-store.ts';
const MEMORY_LEDGER = 'libs/cache/src/versions/memory-version-store.ts';
const MONOTONIC_READS = 'libs/cache/src/read/monotonic-reads.ts';
const NEXT_RUN = 'libs/cache/src/flow/next-run.ts';
const REDIS_LEDGER = 'libs/cache/src/redis/redis-version-store.ts';
const REFRESHER = 'libs/cache/src/write/refresher.ts';
const STAMP = 'libs/cache/src/versions/version-vector.ts';
const SWEEPER = 'libs/cache/src/versions/pending-write-sweeper.ts';
const WRITES = 'libs/cache/src/write/cache-writer.ts';

const SAVE =
  'if (versions && isCurrent(vector, tags, versions))\n        stored = await this.entries.save(key, { vector, answer }, asker);';
const ENSURE = 'const versions = await this.monotonicReads.ensure(tags);';
const LOADED = 'const answer = await compressed(await this.load(load, asker));';
const MADE = `const made = writes.flatMap((write) => write.made ?? []).map((one) => ({ ...one, version: freshVersion() }));`;

export const mutations: readonly Mutation[] = [
  {
    name: 'writers delete entries, and nobody looks at versions',
    surroundings: 'embedded',
    edits: [
      { file: STAMP, find: 'vector.length === tags.length + 1 &&', replace: 'true ||' },
      { file: WRITES, find: MADE, replace: `await this.entries.cache.clear();\n    ${MADE}` },
    ],
  },
  {
    name: 'an answer is stored under the versions that stand when it is stored',
    surroundings: 'quiet',
    edits: [
      {
        file: ANSWERS,
        find: SAVE,
        replace: 'if (versions) stored = await this.entries.save(key, { vector: vectorOf(tags, versions), answer });',
      },
    ],
  },
  {
    name: 'the version of a new order is observed after the commit',
    surroundings: 'quiet',
    edits: [
      {
        file: WRITES,
        find: MADE,
        replace: `const made = await Promise.all(writes.flatMap((write) => write.made ?? []).map(async (one) =>
          ({ ...one, observed: await this.tell(() => this.versionStore.ensureVersions([one.tag])), version: freshVersion() })));`,
      },
    ],
  },
  {
    name: 'a warm count is patched in place',
    surroundings: 'quiet',
    edits: [
      {
        file: REFRESHER,
        find: 'load().then(compressed)',
        replace: `this.entries.findL2(key, vectorOf(own, observed)).then((found) => {
          if (!found || key !== 'count') return load().then(compressed);
          const body = Buffer.from(String(Number(found.identity.body.toString()) + 1));
          return { identity: { ...found.identity, body } };
        })`,
      },
    ],
  },
  {
    name: 'writers advance nothing',
    surroundings: 'quiet',
    edits: [{ file: WRITES, find: 'const advances = changed.map(', replace: 'const advances = [].map(' }],
  },
  {
    name: 'a writer advances one of its tags only',
    surroundings: 'quiet',
    edits: [
      { file: WRITES, find: 'const advances = changed.map(', replace: 'const advances = changed.slice(0, 1).map(' },
    ],
  },
  {
    name: 'a reader joins the load of one who observed older versions',
    surroundings: 'quiet',
    edits: [{ file: STAMP, find: "return `${key}\\n${vector.join(' ')}`;", replace: 'return key;' }],
  },
  {
    name: 'a near entry is a hit, whatever was observed',
    surroundings: 'quiet',
    edits: [
      {
        file: ENTRIES,
        find: 'return entry && isCurrent(entry.vector, tags, versions) ? entry.answer : undefined;',
        replace: 'return entry?.answer;',
      },
    ],
  },
  {
    name: 'an entry in Redis is a hit, whatever was observed',
    surroundings: 'quiet',
    edits: [
      { file: ENTRIES, find: 'if (entry?.vector.join() !== vector.join()) return', replace: 'if (!entry) return' },
    ],
  },
  {
    name: 'near entries are validated by the epoch alone',
    surroundings: 'quiet',
    edits: [{ file: STAMP, find: 'tags.every((tag, i) => vector[i + 1] === versions.get(tag))', replace: 'true' }],
  },
  {
    name: 'near entries are validated by the epoch and their first tag',
    surroundings: 'quiet',
    edits: [
      {
        file: STAMP,
        find: 'tags.every((tag, i) => vector[i + 1] === versions.get(tag))',
        replace: 'tags.slice(0, 1).every((tag, i) => vector[i + 1] === versions.get(tag))',
      },
    ],
  },
  {
    name: 'entries are not validated by the epoch',
    surroundings: 'troubled',
    edits: [
      { file: STAMP, find: 'vector[0] === versions.get(EPOCH) &&', replace: '' },
      {
        file: ENTRIES,
        find: 'if (entry?.vector.join() !== vector.join()) return',
        replace: 'if (entry?.vector.slice(1).join() !== vector.slice(1).join()) return',
      },
    ],
  },
  {
    name: 'a writer is answered before its tags are advanced',
    surroundings: 'quiet',
    edits: [{ file: WRITES, find: 'await this.finishing.run(() => {', replace: 'void this.finishing.run(() => {' }],
  },
  {
    name: 'a writer shares a round of others that began before its commit',
    surroundings: 'quiet',
    edits: [
      { file: NEXT_RUN, find: 'if (this.next) return this.next;', replace: 'if (this.current) return this.current;' },
    ],
  },
  {
    name: 'warm answers are loaded before the versions are observed',
    surroundings: 'quiet',
    edits: [
      {
        file: REFRESHER,
        find: 'const observed = await this.versionStore.ensureVersions(dependencies);',
        replace: `const early = await Promise.all(warm.map(({ load }) => load()));
          const observed = await this.versionStore.ensureVersions(dependencies);`,
      },
      {
        file: REFRESHER,
        find: 'warm.map(async ({ question: { key, tags: own }, load }) => {',
        replace:
          'warm.map(async ({ question: { key, tags: own } }, i) => {\n        const load = async () => early[i];',
      },
    ],
  },
  {
    name: 'what comes into force does not put out what writes under way make untrue',
    surroundings: 'quiet',
    edits: [
      {
        file: WRITES,
        find: '{ shown: refresh.shown, isAnnounced }',
        replace: '{ isAnnounced }',
      },
    ],
  },
  {
    name: 'an answer is given out though it may show writes under way',
    surroundings: 'quiet',
    edits: [
      {
        file: ANSWERS,
        find: ENSURE,
        replace:
          'const seen = await this.observe(tags);\n      const versions = seen instanceof Map ? seen : undefined;',
      },
    ],
  },
  {
    name: 'whether writes are under way is asked before the load',
    surroundings: 'quiet',
    edits: [
      { file: ANSWERS, find: ENSURE, replace: '' },
      { file: ANSWERS, find: LOADED, replace: `${ENSURE}\n      ${LOADED}` },
    ],
  },
  {
    name: 'a reader that has lost patience with a writer does not invalidate in its place',
    surroundings: 'quiet',
    edits: [{ file: MONOTONIC_READS, find: 'await this.versionStore.invalidateOverdue(tags);', replace: '' }],
  },
  {
    name: 'a advance does not compare before it sets',
    surroundings: 'embedded',
    edits: [
      {
        file: MEMORY_LEDGER,
        find: 'advance.refreshed && this.isCurrent(advance) ? advance.refreshed.version',
        replace: 'advance.refreshed ? advance.refreshed.version',
      },
    ],
  },
  {
    name: 'an pendingWrite is swept, and its tags are not evicted',
    surroundings: 'quiet',
    edits: [
      { file: REDIS_LEDGER, find: 'tags.map((tag) => ({ tag })),\n          [],', replace: '[],\n          [],' },
    ],
  },
  {
    name: 'nobody sweeps',
    surroundings: 'quiet',
    edits: [{ file: SWEEPER, find: 'if (!this.versionStore.available) return;', replace: 'return;' }],
  },
  {
    name: 'the pendingWrite is withdrawn of a write whose outcome is unknown',
    surroundings: 'quiet',
    edits: [
      {
        file: WRITES,
        find: 'async invalidate(tags: readonly Tag[]): Promise<void> {\n    await this.complete(\n      [],',
        replace: `async invalidate(tags: readonly Tag[]): Promise<void> {
          await this.complete((await this.tell(() => this.versionStore.pending(tags)))?.writeIds ?? [],`,
      },
    ],
  },
  {
    name: 'nothing is evicted for a write whose outcome is unknown',
    surroundings: 'quiet',
    edits: [
      {
        file: WRITES,
        find: 'async invalidate(tags: readonly Tag[]): Promise<void> {\n    await this.complete(\n      [],',
        replace: `async invalidate(tags: readonly Tag[]): Promise<void> {
          await this.tell(async () => this.versionStore.complete((await this.versionStore.pending(tags)).writeIds, []));
          if (tags.length > 0) return;
          await this.complete([],`,
      },
    ],
  },
  {
    name: 'the others are not told of a write when the versionStore is away',
    surroundings: 'troubled',
    edits: [
      { file: WRITES, find: 'await this.backplane?.relay([...new Set(advances.map(({ tag }) => tag))]);', replace: '' },
    ],
  },
  {
    name: 'the epoch is not renewed when another Redis has taken the place of the one before',
    surroundings: 'troubled',
    edits: [{ file: REDIS_LEDGER, find: 'if (labelOf(epoch) !== label || unconfirmed', replace: 'if (unconfirmed' }],
  },
  {
    name: 'invalidations are forgotten that were not confirmed',
    surroundings: 'troubled',
    edits: [{ file: REDIS_LEDGER, find: 'this.unconfirmed.add(tags);', replace: '' }],
  },
  {
    name: 'Redis is trusted before unconfirmed invalidations are made up for',
    surroundings: 'troubled',
    edits: [
      {
        file: REDIS_LEDGER,
        find: 'tags.map((tag) => ({ tag })),\n        tags,\n      );\n      this.unconfirmed',
        replace: '[],\n        tags,\n      );\n      this.unconfirmed',
      },
    ],
  },
  {
    name: 'what has no version gets one only after it was loaded',
    surroundings: 'quiet',
    edits: [
      {
        file: ANSWERS,
        find: 'const known = await this.withAllVersions(question.tags, versions);',
        replace: 'const known = versions;',
      },
      {
        file: STAMP,
        find: 'if (version === undefined) throw',
        replace: "if (version === undefined) return 'none';\n    if (version === undefined) throw",
      },
      {
        file: ANSWERS,
        find: SAVE,
        replace: `if (versions) stored = await this.entries.save(key, { vector: vector.map((one, i) => one === 'none' ? (versions.get(tags[i - 1]) ?? one) : one), answer });`,
      },
    ],
  },
];

/** Nothing is broken, and nothing may be found. */
export const controls: readonly Mutation[] = (['quiet', 'troubled', 'embedded'] as const).map((surroundings) => ({
  name: `nothing, ${surroundings}`,
  surroundings,
  edits: [],
}));
