import { GeneratedClient } from '../support/generated-client.js';
import { OrdersApi } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** A client is generated, compiled and run in processes of their own. */
const PATIENCE_MS = 600_000;

const NO_ORDER = '019358f0-6a3e-7c44-9d7e-0f6a1f1b2c3d';

const BEGINNING = `
  const { API_URL = '', PARTNER = '', OPERATOR = '' } = process.env;
`;

/** An order as partners send it. The priority has a default, and may be left out. */
const RING = `{
  source: 'SHOP',
  customer: { id: 'C-1', name: 'Мария Соколова' },
  product: { name: 'C-1', modelUrl: 'https://models.example.com/c-1.stl?v=1' },
  material: 'Gold 585',
  quantity: 1,
  price: { amount: '1234.50', currency: 'EUR' },
}`;

const WITH_OAZAPFTS = `
  import { changeOrderStatus, createOrder, defaults, getOrder, listOrders } from './client.js';
  import type { CreateOrderDto, OrderStatus } from './client.js';
  ${BEGINNING}
  defaults.baseUrl = API_URL;
  const as = (token: string) => ({ headers: { authorization: 'Bearer ' + token } });
  const ring: CreateOrderDto = ${RING};
  const started: OrderStatus = 'MANUFACTURING_STARTED';

  const created = await createOrder(ring, { idempotencyKey: 'oazapfts' }, as(PARTNER));
  if (created.status !== 201) throw new Error('not created: ' + created.status);
  const id: string = created.data.id;
  const repeated = await createOrder(ring, { idempotencyKey: 'oazapfts' }, as(PARTNER));
  const list = await listOrders({ status: ['NEW'], material: ['Gold 585'], sort: '-priority' }, as(OPERATOR));
  if (list.status !== 200) throw new Error('not listed: ' + list.status);
  const found = list.data.items.find((order) => order.id === id);
  const taken = await changeOrderStatus(id, { status: started }, { ifMatch: '"1"' }, as(OPERATOR));
  const late = await changeOrderStatus(id, { status: 'MANUFACTURING_COMPLETED' }, { ifMatch: '"1"' }, as(OPERATOR));
  const unknown = await getOrder('${NO_ORDER}', {}, as(OPERATOR));
  const refused = await createOrder({ ...ring, quantity: 0 }, {}, as(PARTNER));

  console.log(JSON.stringify({
    repeated: repeated.status === 201 && repeated.data.id === id,
    found: found?.product.name,
    taken: taken.status === 200 && taken.data.assignee,
    late: late.status === 412 && late.data.code,
    unknown: unknown.status === 404 && unknown.data.code,
    refused: refused.status === 400 && refused.data.errors?.map(({ field }) => field),
  }));
`;

const WITH_OPENAPI_FETCH = `
  import createClient from 'openapi-fetch';
  import type { components, paths } from './schema.js';
  ${BEGINNING}
  const client = createClient<paths>({ baseUrl: API_URL });
  const as = (token: string) => ({ headers: { authorization: 'Bearer ' + token } });
  const ring: components['schemas']['CreateOrderDto'] = ${RING};
  const started: components['schemas']['OrderStatus'] = 'MANUFACTURING_STARTED';

  const once = { params: { header: { 'Idempotency-Key': 'openapi-fetch' } }, body: ring, ...as(PARTNER) };
  const created = await client.POST('/api/v1/orders', once);
  if (!created.data) throw new Error('not created: ' + created.error.code);
  const { id } = created.data;
  const repeated = await client.POST('/api/v1/orders', once);
  const query = { status: ['NEW' as const], material: ['Gold 585'], sort: '-priority' as const };
  const list = await client.GET('/api/v1/orders', { params: { query }, ...as(OPERATOR) });
  const found = list.data?.items.find((order) => order.id === id);
  const step = (status: components['schemas']['OrderStatus']) =>
    client.PATCH('/api/v1/orders/{id}/status', {
      params: { path: { id }, header: { 'If-Match': '"1"' } },
      body: { status },
      ...as(OPERATOR),
    });
  const taken = await step(started);
  const late = await step('MANUFACTURING_COMPLETED');
  const unknown = await client.GET('/api/v1/orders/{id}', { params: { path: { id: '${NO_ORDER}' } }, ...as(OPERATOR) });
  const refused = await client.POST('/api/v1/orders', { body: { ...ring, quantity: 0 }, ...as(PARTNER) });

  console.log(JSON.stringify({
    repeated: repeated.data?.id === id,
    found: found?.product.name,
    taken: taken.data?.assignee,
    late: late.error?.code,
    unknown: unknown.error?.code,
    refused: refused.error?.errors?.map(({ field }) => field),
  }));
`;

const WITH_HEY_API = `
  import { client } from './client/client.gen.js';
  import { changeOrderStatus, createOrder, getOrder, listOrders } from './client/index.js';
  import type { CreateOrderDto, OrderStatus } from './client/index.js';
  import { zCreateOrderDto, zOrderDto, zOrderListDto, zProblemDetailsDto } from './client/zod.gen.js';
  ${BEGINNING}
  client.setConfig({ baseUrl: API_URL });
  const ring: CreateOrderDto = zCreateOrderDto.parse(${RING});
  const started: OrderStatus = 'MANUFACTURING_STARTED';

  const once = { body: ring, headers: { 'Idempotency-Key': 'hey-api' }, auth: PARTNER };
  const { id } = zOrderDto.parse((await createOrder(once)).data);
  const repeated = await createOrder(once);
  const query = { status: ['NEW' as const], material: ['Gold 585'], sort: '-priority' as const };
  const list = zOrderListDto.parse((await listOrders({ query, auth: OPERATOR })).data);
  const found = list.items.find((order) => order.id === id);
  const step = (status: OrderStatus) =>
    changeOrderStatus({ path: { id }, body: { status }, headers: { 'If-Match': '"1"' }, auth: OPERATOR });
  const taken = await step(started);
  const late = await step('MANUFACTURING_COMPLETED');
  const unknown = await getOrder({ path: { id: '${NO_ORDER}' }, auth: OPERATOR });
  const refused = await createOrder({ body: { ...ring, quantity: 0 }, auth: PARTNER });

  console.log(JSON.stringify({
    repeated: repeated.data?.id === id,
    found: found?.product.name,
    taken: taken.data?.assignee,
    late: late.error?.code,
    unknown: unknown.error?.code,
    refused: zProblemDetailsDto.parse(refused.error).errors?.map(({ field }) => field),
  }));
`;

describe.each([
  ['oazapfts', WITH_OAZAPFTS],
  ['openapi-typescript', WITH_OPENAPI_FETCH],
  ['@hey-api/openapi-ts', WITH_HEY_API],
] as const)('a client generated by %s', (generator, program) => {
  let database: TestDatabase;
  let api: OrdersApi;
  let client: GeneratedClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({ databaseUrl: database.url });
    client = await GeneratedClient.generate(generator, `${api.url}/docs-json`);
  }, PATIENCE_MS);

  afterAll(async () => {
    await client.remove();
    await api.stop();
    await database.drop();
  });

  it(
    'compiles in strict mode, and creates, lists and takes orders',
    async () => {
      await client.compile(program);
      const [PARTNER, OPERATOR] = await Promise.all([api.token('partner'), api.token('operator', 'operator-7')]);
      expect(await client.run({ API_URL: api.url, PARTNER, OPERATOR })).toEqual({
        repeated: true,
        found: 'C-1',
        taken: 'operator-7',
        late: 'ORDER_VERSION_MISMATCH',
        unknown: 'ORDER_NOT_FOUND',
        refused: ['quantity'],
      });
    },
    PATIENCE_MS,
  );

  it(
    'does not compile with a status that does not exist',
    async () => {
      expect(program).toContain("= 'MANUFACTURING_STARTED'");
      const wrong = client.compile(program.replace("= 'MANUFACTURING_STARTED'", "= 'MELTED'"));
      await expect(wrong).rejects.toThrow(/"MELTED"' is not assignable to type/);
    },
    PATIENCE_MS,
  );
});
