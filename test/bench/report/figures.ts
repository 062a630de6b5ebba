import { ratioOf, spreadOf, type Spread } from '../measure/spread.js';
import { CACHED_DAY, UNCACHED_DAY } from '../scenarios/factory-day.js';
import { CACHE_OFF, CACHE_ON } from '../scenarios/creates.js';
import { ASYNC_CACHE_DEDUPE, BARE_FASTIFY, BENTOCACHE, STOCK_ON_REDIS, THIS_API } from '../scenarios/page.js';
import type { BenchResults } from './results.js';

/** A measured value and its target. */
export interface Figure {
  readonly what: string;
  readonly measured: Spread;
  readonly target: number;
  readonly atLeast: boolean;
}

/** The figures of the scenarios that were run. */
export function figuresOf(results: BenchResults): readonly Figure[] {
  return [
    ...pageFigures(results),
    ...costFigures(results),
    ...memoryFigures(results),
    ...writeFigures(results),
    ...dayFigures(results),
  ];
}

export function isMet({ measured, target, atLeast }: Figure): boolean {
  return atLeast ? measured.median >= target : measured.median <= target;
}

function pageFigures({ page }: BenchResults): readonly Figure[] {
  if (!page) return [];
  const { contenders } = page.result;
  const rate = (name: string): number[] => roundsOf(contenders, name).map(({ requestsPerSecond }) => requestsPerSecond);
  const p99 = (name: string): number[] => roundsOf(contenders, name).map((round) => round.p99);
  const over = (name: string, short: string, target: number): Figure => ({
    what: `hits/s, ratio to ${short}`,
    measured: ratioOf(rate(THIS_API), rate(name)),
    target,
    atLeast: true,
  });
  return [
    over(BARE_FASTIFY, 'bare Fastify', 0.8),
    over(STOCK_ON_REDIS, "Nest's CacheInterceptor on Redis", 12),
    over(BENTOCACHE, 'bentocache', 6),
    over(ASYNC_CACHE_DEDUPE, 'async-cache-dedupe', 3),
    {
      what: 'p99 of hits, ratio to bare Fastify',
      measured: ratioOf(p99(THIS_API), p99(BARE_FASTIFY)),
      target: 2,
      atLeast: false,
    },
  ];
}

function costFigures({ 'hit-costs': costs, stampede }: BenchResults): readonly Figure[] {
  const figures: Figure[] = [];
  if (costs) {
    const { hits, redisCommands, statements } = costs.result;
    const perThousandHits = (count: number): Spread => spreadOf([(count / hits) * 1_000]);
    figures.push(
      { what: 'Redis commands per 1,000 hits', measured: perThousandHits(redisCommands), target: 100, atLeast: false },
      { what: 'SQL statements per 1,000 hits', measured: perThousandHits(statements), target: 0, atLeast: false },
    );
  }
  const crowd = stampede?.result.find(({ readers, instances }) => readers === 1_000 && instances === 1);
  if (crowd) {
    const what = 'queries for 1,000 simultaneous readers of one evicted page, one instance';
    figures.push({ what, measured: crowd.queriesSpread, target: 1, atLeast: false });
  }
  return figures;
}

function memoryFigures({ memory }: BenchResults): readonly Figure[] {
  if (!memory) return [];
  const { bound, grown } = memory.result;
  const what = 'memory of the near cache, ratio to its limit';
  return [{ what, measured: spreadOf([grown / bound]), target: 1, atLeast: false }];
}

function writeFigures({ creates }: BenchResults): readonly Figure[] {
  if (!creates) return [];
  const rate = (name: string): number[] => roundsOf(creates.result, name).map((round) => round.createsPerSecond);
  const measured = ratioOf(rate(CACHE_ON), rate(CACHE_OFF));
  return [{ what: 'creates/s with the cache, ratio to no cache', measured, target: 0.85, atLeast: true }];
}

function dayFigures({ 'factory-day': day }: BenchResults): readonly Figure[] {
  if (!day) return [];
  const [cached, uncached] = [roundsOf(day.result, CACHED_DAY), roundsOf(day.result, UNCACHED_DAY)];
  return [
    {
      what: 'factory day: SQL statements that reads cause, per 1,000 reads',
      measured: spreadOf(cached.map((round) => round.loadsPerThousandReads ?? NaN)),
      target: 5,
      atLeast: false,
    },
    {
      what: 'factory day: p99 of reads, ratio to no cache',
      measured: ratioOf(
        cached.map(({ reads }) => reads.p99),
        uncached.map(({ reads }) => reads.p99),
      ),
      target: 0.1,
      atLeast: false,
    },
  ];
}

/** @throws Error if the contender was not measured */
function roundsOf<Round>(
  list: readonly { readonly name: string; readonly rounds: readonly Round[] }[],
  name: string,
): readonly Round[] {
  const found = list.find((entry) => entry.name === name);
  if (!found) throw new Error(`${name} was not measured`);
  return found.rounds;
}
