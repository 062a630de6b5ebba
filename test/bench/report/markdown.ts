import { CONNECTIONS } from '../measure/load.js';
import { allStatements } from '../measure/statement-counter.js';
import { spreadOf, type Spread } from '../measure/spread.js';
import type { Plan } from '../arguments.js';
import { figuresOf, isMet, type Figure } from './figures.js';
import { INTERVAL } from '../scenarios/factory-day.js';
import { inMilliseconds, shown, shownSpread } from './numbers.js';
import type { BenchResults, Measured, ScenarioResults } from './results.js';
import { table } from './table.js';

/** The results as Markdown tables. */
export function markdownOf(results: BenchResults): string {
  const sections = [
    results.page && pageSection(results.page),
    results['hit-costs'] && hitCostsSection(results['hit-costs']),
    results.memory && memorySection(results.memory),
    results.stampede && stampedeSection(results.stampede),
    results.creates && createsSection(results.creates),
    results['factory-day'] && factoryDaySection(results['factory-day']),
    results.scale && scaleSection(results.scale),
    figuresSection(figuresOf(results)),
  ].filter((section) => section !== undefined);
  return `# Benchmark\n\nEach value is the median of all rounds, followed by the minimum and the maximum.\n\n${sections.join('\n\n')}\n`;
}

function pageSection({ result, ...conditions }: Measured<ScenarioResults['page']>): string {
  const rows = result.contenders.map(({ name, rounds }) => [
    name,
    shownSpread(spreadOf(rounds.map((round) => round.requestsPerSecond))),
    milliseconds(rounds.map((round) => round.p50)),
    milliseconds(rounds.map((round) => round.p99)),
    optional(rounds.map((round) => round.cpuPerRequest)),
    shown(Math.max(...rounds.map((round) => round.clientLoad))),
  ]);
  const versions = Object.entries(result.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  return section(
    `A page of 50 orders, ${shown(result.bytes / 1_000)} kB of JSON, 32 connections`,
    `${described(conditions)} Each connection has a caller of its own. Where the client's load is near 1, the client is the bottleneck, and the server's CPU time per request is the fairer measure. ${versions}.`,
    table(['server', 'requests/s', 'p50, ms', 'p99, ms', "server's CPU time, µs/request", "client's load"], rows),
  );
}

function hitCostsSection({ result, ...conditions }: Measured<ScenarioResults['hit-costs']>): string {
  const perThousand = (count: number): string => shown((count / result.hits) * 1_000);
  return section(
    'The cost of hits at Redis and PostgreSQL',
    described(conditions),
    table(
      ['hits', 'Redis commands per 1,000', 'SQL statements per 1,000'],
      [[shown(result.hits), perThousand(result.redisCommands), perThousand(result.statements)]],
    ),
  );
}

function memorySection({ result, ...conditions }: Measured<ScenarioResults['memory']>): string {
  const megabytes = (bytes: number): string => shown(bytes / 1024 / 1024);
  return section(
    'Memory of the near cache',
    `${described(conditions)} ${shown(result.pages)} pages were requested twice each. The growth is that of the heap and of the memory outside of it, after garbage collection.`,
    table(
      ['limit, MiB', 'largest estimate, MiB', 'largest growth, MiB'],
      [[megabytes(result.bound), megabytes(result.reckoned), megabytes(result.grown)]],
    ),
  );
}

function stampedeSection({ result, ...conditions }: Measured<ScenarioResults['stampede']>): string {
  const rows = result.map(({ instances, readers, queriesSpread, slowestSpread }) => [
    shown(instances),
    shown(readers),
    shownSpread(queriesSpread),
    shownSpread(slowestSpread),
  ]);
  return section(
    'Simultaneous readers of a page that was just evicted',
    described(conditions),
    table(['instances', 'readers', 'queries', 'until the last response, ms'], rows),
  );
}

function createsSection({ result, ...conditions }: Measured<ScenarioResults['creates']>): string {
  const rows = result.map(({ name, rounds }) => [
    name,
    shownSpread(spreadOf(rounds.map((round) => round.createsPerSecond))),
    milliseconds(rounds.map((round) => round.p50)),
    milliseconds(rounds.map((round) => round.p99)),
    optional(rounds.map((round) => round.cpuPerRequest)),
  ]);
  return section(
    'Creating orders, 16 clients',
    described(conditions),
    table(['this API', 'creates/s', 'p50, ms', 'p99, ms', "server's CPU time, µs/request"], rows),
  );
}

function factoryDaySection({ result, ...conditions }: Measured<ScenarioResults['factory-day']>): string {
  const rows = result.map(({ name, rounds }) => [
    name,
    shownSpread(spreadOf(rounds.map((round) => round.requestsPerSecond))),
    milliseconds(rounds.map(({ reads }) => reads.p50)),
    milliseconds(rounds.map(({ reads }) => reads.p99)),
    milliseconds(rounds.map(({ writes }) => writes.p99)),
    shownSpread(spreadOf(rounds.map((round) => round.statementsPerThousandReads))),
    optional(rounds.map((round) => round.loadsPerThousandReads)),
    shownSpread(spreadOf(rounds.map((round) => round.neededPerThousandReads))),
    shownSpread(spreadOf(rounds.map(({ statements }) => allStatements(statements)))),
  ]);
  return section(
    'A factory day: 95 % polls, 4 % status changes, 1 % creations',
    `${described(conditions)} ${CONNECTIONS} clients send a request every ${INTERVAL} ms each, or without a pause. SELECTs are those of lists, of the dashboard and of orders. The API counts those that reads wait for; writes cause the others, because they refresh the polled responses (refresh-on-write). “Needed with eviction only” is the number of loads if writes only evicted and the steps ran one after the other.`,
    table(
      [
        ...['', 'requests/s', 'reads: p50, ms', 'reads: p99, ms', 'writes: p99, ms', 'SELECTs per 1,000 reads'],
        ...['of them caused by reads', 'needed with eviction only', 'SQL statements in all'],
      ],
      rows,
    ),
  );
}

function scaleSection({ result, ...conditions }: Measured<ScenarioResults['scale']>): string {
  const rows = result.questions.map(({ question, smallSpread, largeSpread, ratio }) => [
    question,
    shownSpread(smallSpread),
    shownSpread(largeSpread),
    shown(ratio),
  ]);
  const { smallOrders, largeOrders } = result;
  return section(
    'Pages read from the database, in a small and in a large one',
    described({ ...conditions, plan: { ...conditions.plan, orders: largeOrders } }),
    table(['question', `${shown(smallOrders)} orders, ms`, `${shown(largeOrders)} orders, ms`, 'ratio'], rows),
  );
}

function figuresSection(figures: readonly Figure[]): string | undefined {
  if (figures.length === 0) return undefined;
  const rows = figures.map((figure) => [
    figure.what,
    shownSpread(figure.measured),
    `${figure.atLeast ? '≥' : '≤'} ${shown(figure.target)}`,
    isMet(figure) ? 'yes' : 'no',
  ]);
  return section('Figures', undefined, table(['what', 'measured', 'target', 'met'], rows));
}

function described({ at, machine, plan }: { at: string; machine: Measured<unknown>['machine']; plan: Plan }): string {
  const { cpu, cores, memoryGib, node } = machine;
  return (
    `${at.slice(0, 10)}, ${cpu}, ${cores} cores, ${memoryGib} GiB, Node.js ${node}; ${shown(plan.orders)} orders` +
    `${plan.quick ? '; **a quick run, only for a first look**' : ''}.`
  );
}

function section(title: string, text: string | undefined, lines: string): string {
  return [`## ${title}`, text, lines].filter((part) => part !== undefined).join('\n\n');
}

function milliseconds(microseconds: readonly number[]): string {
  return shownSpread(inMilliseconds(spreadOf(microseconds)));
}

/** The spread of values that some contenders or systems do not have. */
function optional(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '–';
  const spread: Spread = spreadOf(known);
  return shownSpread(spread);
}
