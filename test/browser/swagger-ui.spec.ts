import type { Browser, Locator, Page, Request } from 'playwright-core';
import { exampleOf, operationsOf, type OpenApiDocument } from '../support/openapi-document.js';
import { OrdersApi } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { launchBrowser } from './support/browser.js';

const PATIENCE = 240_000;

describe('Swagger UI', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let browser: Browser;
  let page: Page;
  let document: OpenApiDocument;

  beforeAll(async () => {
    [database, browser] = await Promise.all([createTestDatabase(), launchBrowser()]);
    api = await OrdersApi.start({ databaseUrl: database.url });
    document = (await api.call<OpenApiDocument>('/docs-json')).body;
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(`${api.url}/docs`);
    await page.locator('.auth-wrapper button.authorize').click();
    await page.locator('.auth-container input').fill(await api.token('admin'));
    await page.locator('.auth-container button[type=submit]').click();
    await page.locator('.auth-container button.btn-done').click();
  }, PATIENCE);

  afterAll(async () => {
    await browser.close();
    await api.stop();
    await database.drop();
  });

  /** Opens an operation, unless it is open. */
  async function operation(operationId: string): Promise<Locator> {
    const block = page.locator(`[id$="-${operationId}"]`);
    if ((await block.locator('.opblock-body').count()) === 0) await block.locator('.opblock-summary-control').click();
    await block.locator('.opblock-body').waitFor();
    return block;
  }

  /** Presses Execute, and returns the request with the text of the response. */
  async function execute(block: Locator): Promise<{ request: Request; response: string }> {
    const requested = page.waitForRequest((request) => request.url().includes('/api/v1/'));
    await block.getByRole('button', { name: 'Execute' }).click();
    const response = block.locator('.live-responses-table tbody .response-col_description');
    return { response: (await response.textContent()) ?? '', request: await requested };
  }

  it(
    'offers exactly the documented examples as bodies',
    async () => {
      const offered: Record<string, unknown> = {};
      const documented: Record<string, unknown> = {};
      for (const { operationId, requestBody } of operationsOf(document)) {
        if (!requestBody) continue;
        const body = (await operation(operationId)).locator('textarea.body-param__text');
        offered[operationId] = JSON.parse(await body.inputValue());
        documented[operationId] = exampleOf(document, requestBody.content['application/json']?.schema ?? {});
      }
      expect(offered).toEqual(documented);
    },
    PATIENCE,
  );

  it(
    'creates what it shows',
    async () => {
      const block = await operation('createOrder');
      const body = JSON.parse(await block.locator('textarea.body-param__text').inputValue()) as {
        readonly dueAt: string;
      };
      expect((await execute(block)).response).toContain('WEB-88213');
      const token = await api.token('admin');
      const { items } = (await api.call<{ items: object[] }>('/api/v1/orders', { token })).body;
      expect(items).toMatchObject([{ ...body, dueAt: new Date(body.dueAt).toISOString() }]);
    },
    PATIENCE,
  );

  it(
    'sends only those parameters that were entered, and defaults',
    async () => {
      const sent: string[] = [];
      for (const { operationId, parameters = [] } of operationsOf(document)) {
        if (parameters.length === 0 || parameters.some(({ required }) => required)) continue;
        const { request } = await execute(await operation(operationId));
        const headers = await request.allHeaders();
        const named = parameters.filter(({ name }) => name.toLowerCase() in headers).map(({ name }) => name);
        const values = [new URL(request.url()).search, ...named].filter((value) => value !== '');
        if (values.length > 0) sent.push([operationId, ...values].join(' '));
      }
      expect(sent).toEqual(['listOrders ?sort=-createdAt&limit=50']);
    },
    PATIENCE,
  );

  it(
    'shows the live events of the first seconds',
    async () => {
      expect((await execute(await operation('followEvents'))).response).toContain('event: hello');
    },
    PATIENCE,
  );
});
