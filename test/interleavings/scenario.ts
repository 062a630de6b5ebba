import * as fc from 'fast-check';
import { QUESTIONS, type AskedFor } from './actors/client.js';
import type { Death, Fate } from './actors/writer.js';
import { RESUMED, type Outcome } from './system/orders-database.js';

/** The number of orders. There are few, so that readers and writers use the same ones. */
const ORDERS = 2;

/** The highest number of steps after which an actor begins. A run takes about as many steps, or more. */
const LATEST = 80;

/** Kinds of messages between the instances, Redis and the database, given by the first words of their steps. */
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
  /** The number of steps in the run after which it begins. */
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

/** A time in which an instance is cut off from Redis. */
export interface OutagePlan extends Begun {
  readonly lasts: number;
  /** Whether messages in flight are lost. Otherwise they arrive later. */
  readonly isLossy: boolean;
}

/** The replacement of Redis by a replica that lacks the last writes. */
export interface FailoverPlan {
  /** The number of steps after which replication stops. */
  readonly begins: number;
  /** The number of further steps after which the replica replaces Redis. */
  readonly lasts: number;
}

/** The actors of a run and their actions. It does not include the order of their steps. */
export interface Scenario {
  /** Two instances with one Redis, or one instance without Redis. */
  readonly backend: 'redis' | 'memory';
  /** The version of each order at the start; 0 if it does not exist. */
  readonly initially: readonly number[];
  /** The kind of messages that are slow, so that much else happens meanwhile. */
  readonly slow: Slow | null;
  readonly clients: readonly ClientPlan[];
  readonly writers: readonly WriterPlan[];
  readonly outages: readonly OutagePlan[];
  readonly failover: FailoverPlan | null;
  /** The time at which an instance is killed. */
  readonly killed: Begun | null;
  /** The times at which the clock jumps to the next timeout. */
  readonly haste: readonly number[];
  /** The times at which all pending writes expire and the sweepers run, unless a write is in progress then. */
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
  { weight: 1, arbitrary: fc.constantFrom<Death>('after the beginning', 'after the commit') },
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

/** Scenarios with a Redis that always works. */
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

/** Scenarios in which instances are cut off from Redis, Redis is too slow, or it fails over. */
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

/** Scenarios with one process without Redis. It is never killed, since no other process remains. */
export const embedded: fc.Arbitrary<Scenario> = quiet.map((scenario) => ({
  ...scenario,
  backend: 'memory',
  killed: null,
}));

/** The delays of steps. Most steps happen when they are chosen, some later, and a few much later. */
export const delays: fc.Arbitrary<Iterator<number>> = fc.infiniteStream(
  fc.oneof(
    { weight: 60, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.constant(4) },
    { weight: 1, arbitrary: fc.constant(25) },
  ),
);
