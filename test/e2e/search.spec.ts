import fc from 'fast-check';
import { asTyped } from '../../apps/mes-api/src/orders/search-text.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

interface Page {
  readonly items: readonly { readonly number: number }[];
}

const FIRST_NUMBER = 3_281;

/** The orders, from {@link FIRST_NUMBER} on. */
const ORDERS = [
  {
    customer: { id: 'C-1', name: 'Алёна Семёнова' },
    product: { name: 'Кольцо «Лилия»' },
    material: 'Золото 585',
    externalId: 'WEB‑77/1',
  },
  { customer: { id: 'C-2', name: 'Ann O’Hara' }, product: { name: ' Ring  —\u00a0 size 17' }, material: 'Silver\t925' },
  { customer: { id: 'C-3', name: 'Елена Семенова' }, product: { name: "Brooch '55'" }, material: 'Gold 585' },
  // In decomposed form, as from a Mac: и and a breve.
  {
    customer: { id: 'C-4', name: 'Сергей Йёргов'.normalize('NFD') },
    product: { name: 'Чайник Bücher'.normalize('NFD') },
    material: 'Silver 999',
  },
];

describe('a search', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let table: OrdersTable;
  let operator: string;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    table = await OrdersTable.connect(database.url);
    await table.query(`SELECT setval(pg_get_serial_sequence('orders', 'number'), ${FIRST_NUMBER - 1})`);
    const partner = await api.token('partner');
    operator = await api.token('operator');
    for (const order of ORDERS) {
      const { status } = await api.call('/api/v1/orders', { method: 'POST', token: partner, body: newOrder(order) });
      expect(status).toBe(201);
    }
  });

  afterAll(async () => {
    await table.close();
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  function ask(q: string, path = '/api/v1/orders'): Promise<ApiAnswer<Page>> {
    return api.call<Page>(`${path}?q=${encodeURIComponent(q)}&sort=createdAt`, { token: operator });
  }

  it.each<[found: number[], texts: string[]]>([
    [[3281], ['3281', '№3281', '#3281', '№ 3281', ' №\u00a03281  ', '# 3281']],
    [
      [3281],
      ['алена', 'АЛЁНА', 'Алёна семенова', 'алёна   семёнова', ' алена\u00a0\u2009семенова\t', '\nАлёна\r\nСемёнова'],
    ],
    [[3283], ['елена', 'Ёлена', 'ЕЛЁНА СЕМЁНОВА']],
    [
      [3281, 3283],
      ['семенова', 'СЕМЁНОВА', 'семёнова '],
    ],
    [[3281], ['кольцо "лилия"', 'Кольцо «лилия»', 'кольцо “ЛИЛИЯ”', '„лилия”']],
    [[3281], ['web-77/1', 'WEB–77/1', 'Web‑77', 'web−77/1 ']],
    [[3281], ['золото 585', 'Золото\u00a0585']],
    [[3282], ["o'hara", 'O’Hara', 'o`hara', 'o‘hara']],
    [[3282], ['ring - size 17', 'RING – SIZE', 'ring —  size', ' - size']],
    [[3282], ['silver 925', 'silver  925', 'Silver\u202f925']],
    [[3283], ["'55'", '‘55’', '′55′']],
    [[3281], ['ко', 'КО ', ' ко', 'зо']],
    [[3284], ['сергей', 'СЕРГЕЙ йергов', 'чайник bücher', 'bÜch', 'йе'].flatMap((q) => [q, q.normalize('NFD')])],
    [[3282], ["'h", 'ring -']],
    [[], ['g -', 'алена  петрова', 'web 77', '№ 328 1', '32810', '#77/2']],
  ])('finds %j by each of %j', async (found, texts) => {
    for (const q of texts) {
      const { body } = await ask(q);
      expect({ q, found: body.items.map(({ number }) => number) }).toEqual({ q, found });
    }
  });

  it.each([
    ['алена семенова', ' АЛЁНА \u00a0 Семёнова '],
    ['3281', '№ 3281'],
    ['web-77', 'WEB–77'],
    ['"лилия"', '«Лилия»'],
  ])('shares a cached response between %j and %j', async (first, second) => {
    for (const path of ['/api/v1/orders', '/api/v1/orders/count']) {
      const token = operator;
      const spelled = (q: string): string => `${path}?q=${encodeURIComponent(q)}&status=NEW&status=CLOSED`;
      const loaded = await api.call(spelled(first), { token });
      expect(loaded.headers.get('cache-status')).toBe('mes; fwd=miss; stored');
      const shared = await api.call(spelled(second), { token });
      expect(shared.headers.get('cache-status')).toBe('mes-near; hit');
      expect(shared.body).toEqual(loaded.body);
    }
  });

  it.each(['№', '#', ' «» ', '—'])('refuses %j, which has neither letters nor digits', async (q) => {
    expectProblem(await ask(q), { status: 400, code: 'INPUT_INVALID', fields: ['q'] });
  });

  it('is the same for a text and for its normalised form', async () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom(
          ...Array.from('аАёЁеЕщЩюЮйЙъZzÉéİßǅΣ№#0123456789%_\\-—‑−"«»“„\'’`´ʼ \t\n\u00a0\u2003\u202f\u3000\ufeff'),
        ),
        fc.constantFrom(...Array.from('йЙёЁÉ', (letter) => letter.normalize('NFD'))),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((one) => one !== '\u0000'),
      ),
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        const typed = asTyped(given);
        expect(asTyped(typed)).toBe(typed);
        // The sign before the number of an order is left out only there.
        if (/^\s*[№#]/.test(given)) return;
        const [row] = await table.query('SELECT search_text($1) = btrim(search_text($2), $3) AS "isEqual"', [
          typed,
          given,
          ' ',
        ]);
        expect({ given, ...row }).toEqual({ given, isEqual: true });
      }),
      { numRuns: 1_000 },
    );
  });
});
