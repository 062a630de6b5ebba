import * as fc from 'fast-check';
import { QUESTIONS, type AskedFor } from './actors/client.js';
import type { Death, Fate } from './actors/writer.js';
import { RESUMED, type Outcome } from './system/orders-database.js';

/** How many orders there are: few, so that readers and writers meet at the same ones. */
const ORDERS = 2;

/** How many steps a run takes at least, more or less. What is to happen at some time happens after at most so many. */
const LATEST = 80;

/** Parts of the way between the instances, Redis and the database, by how the steps begin that are taken there. */
const SLOW = [
  'A: Redis has answered',
  'B: Redis has answered',
  "A's get arrives",
  "A's set arrives",
  "B's complete arrives",
  "A's query arrives",
  'A: the database has answered the query',
  'B: the database has answered about',
] as const;
export type Slow = (typeof SLOW)[number];

interface Begun {
  /** After how many steps of the run it begins. */
  readonly begins: number;
  readonly instance: number;
}

export interface ClientPlan extends Begun {
  readonly questions: readonly { readonly askedFor: AskedFor; readonly order: number; readonly instance: number }[];
}

export interface WriterPlan extends Begun {
  readonly order: number;
  readonly fate: Fate;
}

/** An instance is cut off from Redis for a while. */
export interface OutagePlan extends Begun {
  readonly lasts: number;
  /** Whether what was on its way is lost, or arrives later. */
  readonly isLossy: boolean;
}

/** A replica that lacks the last writes takes the place of Redis. */
export interface FailoverPlan {
  /** After how many steps the replica stops following. */
  readonly begins: number;
  /** After how many more steps it takes the place. */
  readonly lasts: number;
}

/** The actors of a run and what they do. The order of their steps is not part of it. */
export interface Scenario {
  /** Two instances over one Redis, or one that has no Redis. */
  readonly backend: 'redis' | 'memory';
  /** The version of each order at the beginning; 0 if it does not exist yet. */
  readonly initially: readonly number[];
  /** A part of the way that takes long, so that much else happens meanwhile. */
  readonly slow: Slow | null;
  readonly clients: readonly ClientPlan[];
  readonly writers: readonly WriterPlan[];
  readonly outages: readonly OutagePlan[];
  readonly failover: FailoverPlan | null;
  /** When an instance is killed. */
  readonly killed: Begun | null;
  /** When time flies, so that the first timeout passes. */
  readonly haste: readonly number[];
  /** When all pending writes expire and the sweepers look, provided that no write is under way then. */
  readonly sweeps: readonly number[];
}

const order = fc.nat(ORDERS - 1);
const instance = fc.nat(1);
const begins = fc.nat(LATEST);

const outcome = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Outcome>('committed') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Outcome>(
      'rolled back',
      'unknown, committed',
      'unknown, committed late',
      'unknown, rolled back',
    ),
  },
);
const dies = fc.oneof(
  { weight: 10, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom<Death>('after the announcement', 'after the commit') },
);

const client: fc.Arbitrary<ClientPlan> = fc.record({
  begins,
  instance,
  questions: fc.array(fc.record({ askedFor: fc.constantFrom<AskedFor>(...QUESTIONS, 'order'), order, instance }), {
    minLength: 1,
    maxLength: 4,
  }),
});
const writer: fc.Arbitrary<WriterPlan> = fc.record({ begins, instance, order, fate: fc.record({ outcome, dies }) });

/** Redis is always there. */
export const quiet: fc.Arbitrary<Scenario> = fc.record({
  backend: fc.constant('redis'),
  initially: fc.array(fc.oneof(fc.constant(0), fc.nat(RESUMED)), { minLength: ORDERS, maxLength: ORDERS }),
  slow: fc.option(fc.constantFrom(...SLOW), { freq: 2 }),
  clients: fc.array(client, { minLength: 1, maxLength: 4 }),
  writers: fc.array(writer, { minLength: 1, maxLength: 4 }),
  outages: fc.constant([]),
  failover: fc.constant(null),
  killed: fc.oneof(
    { weight: 6, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.record({ begins, instance }) },
  ),
  haste: fc.array(begins, { maxLength: 2 }),
  sweeps: fc.array(begins, { maxLength: 2 }),
});

/** Instances are cut off from Redis, Redis takes too long, or it fails over. */
export const troubled: fc.Arbitrary<Scenario> = fc
  .record({
    scenario: quiet,
    failover: fc.option(fc.record({ begins, lasts: fc.nat(LATEST) }), { freq: 3 }),
    outages: fc.array(fc.record({ begins, instance, lasts: fc.nat(4 * LATEST), isLossy: fc.boolean() }), {
      minLength: 1,
      maxLength: 2,
    }),
  })
  .map(({ scenario, ...troubles }) => ({ ...scenario, ...troubles }));

/** One process without Redis. When it is killed, nobody is left. */
export const embedded: fc.Arbitrary<Scenario> = quiet.map((scenario) => ({
  ...scenario,
  backend: 'memory',
  killed: null,
}));

/** Most steps are taken when they are chosen; some come late, and a few very late. */
export const delays: fc.Arbitrary<Iterator<number>> = fc.infiniteStream(
  fc.oneof(
    { weight: 60, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.constant(4) },
    { weight: 1, arbitrary: fc.constant(25) },
  ),
);
