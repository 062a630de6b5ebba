import { databaseOptions, DATABASE_DEFAULTS, prepareDatabase } from '@mes/database';
import { DataSource } from 'typeorm';
import type { Pool } from 'undici';
import { CursorCodec } from '../../../apps/mes-api/src/orders/cursor-codec.js';
import { ListOrdersDto } from '../../../apps/mes-api/src/orders/dto/list-orders.dto.js';
import { visibilityKey } from '../../../apps/mes-api/src/orders/order.js';
import type { Plan } from '../arguments.js';
import { send } from '../measure/closed-loop.js';
import { withPool } from '../measure/pool.js';
import { spreadOf, type Spread } from '../measure/spread.js';
import { note } from '../note.js';
import type { Stage } from '../servers/stage.js';

export interface ScaleResult {
  readonly smallOrders: number;
  readonly largeOrders: number;
  readonly questions: readonly ScaleFigures[];
}

export interface ScaleFigures {
  readonly question: string;
  /** Times in the small database, in milliseconds. */
  readonly small: readonly number[];
  /** Times in the large database, in milliseconds. */
  readonly large: readonly number[];
  readonly smallSpread: Spread;
  readonly largeSpread: Spread;
  /** Ratio of the medians. */
  readonly ratio: number;
}

interface Question {
  readonly path: string;
  readonly role: 'operator' | 'partner';
}

/** One of the two databases, with an API without a cache. */
interface Side {
  readonly url: string;
  readonly orders: number;
  /** The questions by name. The cursor differs between the databases. */
  readonly questions: ReadonlyMap<string, Question>;
}

const SMALL_ORDERS = 10_000;
const WARM_UP_ROUNDS = 10;
const LIST = '/api/v1/orders';
const SORTS = ['-createdAt', 'createdAt', 'dueAt', '-priority'] as const;
const TOTALS = ['status=NEW', '', 'status=NEW&material=Gold%20585', 'source=API', 'status=NEW&q=ring', 'q=murphy'];
const FILTERS = [
  'status=NEW&status=ON_HOLD',
  'status=NEW&priority=URGENT',
  'status=NEW&source=API',
  'status=NEW&material=Gold%20585',
  'assignee=operator-1',
  'createdFrom=2020-01-01T00:00:00Z&status=CLOSED',
  'q=ring',
  'q=murphy',
  'q=WEB-9999',
];
/** Selects the order in the middle of all, the deepest position that users are likely to reach. */
const MIDDLE = `
  SELECT id, created_at FROM orders
  WHERE created_at <= (SELECT min(created_at) + (max(created_at) - min(created_at)) / 2 FROM orders)
  ORDER BY created_at DESC, id DESC LIMIT 1`;

/** Compares the time of pages that are read from a small and from a large database. */
export async function measureScale(
  stage: Stage,
  { scaleOrders, scaleRequests }: Plan,
  largeDatabaseUrl: string | undefined,
): Promise<ScaleResult> {
  const small = await sideOf(stage, await stage.database(SMALL_ORDERS));
  const large = await sideOf(stage, largeDatabaseUrl ?? (await stage.database(scaleOrders)));
  const tokens = { operator: await stage.token('operator'), partner: await stage.token('partner') };
  const questions: ScaleFigures[] = [];
  await withPool(small.url, 1, (smallPool) =>
    withPool(large.url, 1, async (largePool) => {
      const ask = async (pool: Pool, { path, role }: Question): Promise<number> => {
        const headers = { authorization: `Bearer ${tokens[role]}` };
        return (await send(pool, { method: 'GET', path, headers, status: 200 })).milliseconds;
      };
      for (let warmUp = 0; warmUp < WARM_UP_ROUNDS; warmUp += 1) {
        for (const question of small.questions.values()) await ask(smallPool, question);
        for (const question of large.questions.values()) await ask(largePool, question);
      }
      for (const [name, smallQuestion] of small.questions) {
        const largeQuestion = large.questions.get(name) ?? smallQuestion;
        const [smallTimes, largeTimes]: [number[], number[]] = [[], []];
        for (let number = 0; number < scaleRequests; number += 1) {
          // The databases take turns, and so does the first of them.
          if (number % 2 === 0) smallTimes.push(await ask(smallPool, smallQuestion));
          largeTimes.push(await ask(largePool, largeQuestion));
          if (number % 2 === 1) smallTimes.push(await ask(smallPool, smallQuestion));
        }
        const figures = figuresOf(name, smallTimes, largeTimes);
        questions.push(figures);
        note(
          `scale: ${name}: ${figures.smallSpread.median.toFixed(1)} ms, ${figures.largeSpread.median.toFixed(1)} ms`,
        );
      }
    }),
  );
  return { smallOrders: small.orders, largeOrders: large.orders, questions };
}

async function sideOf(stage: Stage, databaseUrl: string): Promise<Side> {
  await prepareDatabase({ url: databaseUrl, patience: 0 });
  const dataSource = await new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url: databaseUrl })).initialize();
  try {
    const [counted] = await dataSource.query<{ orders: number }[]>(
      'SELECT sum(count)::integer AS orders FROM order_status_counts',
    );
    const [middle] = await dataSource.query<{ id: string; created_at: Date }[]>(MIDDLE);
    if (!counted || !middle) throw new Error('the database has no orders');
    const list = `${visibilityKey({ scope: 'all' })}\n${new ListOrdersDto().normalisedList()}`;
    const position = { values: [middle.created_at.toISOString()], id: middle.id };
    const cursor = await new CursorCodec(dataSource).encode(position, list);
    const { url } = await stage.server('api-uncached', databaseUrl);
    return { url, orders: counted.orders, questions: questionsWith(cursor) };
  } finally {
    await dataSource.destroy();
  }
}

function questionsWith(cursor: string): ReadonlyMap<string, Question> {
  const asked = (query: string, role: Question['role'] = 'operator'): Question => ({ path: `${LIST}?${query}`, role });
  const queries = [
    ...SORTS.map((sort) => `status=NEW&sort=${sort}`),
    ...SORTS.map((sort) => `sort=${sort}`),
    ...FILTERS,
  ];
  return new Map<string, Question>([
    ...queries.map((query): [string, Question] => [`?${query}`, asked(query)]),
    ...TOTALS.map((query): [string, Question] => [
      `/count?${query}`,
      { path: `${LIST}/count?${query}`, role: 'operator' },
    ]),
    ['?status=NEW, a partner’s own', asked('status=NEW', 'partner')],
    ['a cursor in the middle of everything', asked(`cursor=${cursor}`)],
    ['dashboard', { path: '/api/v1/dashboard/statuses', role: 'operator' }],
  ]);
}

function figuresOf(question: string, small: readonly number[], large: readonly number[]): ScaleFigures {
  const [smallSpread, largeSpread] = [spreadOf(small), spreadOf(large)];
  return { question, small, large, smallSpread, largeSpread, ratio: largeSpread.median / smallSpread.median };
}
