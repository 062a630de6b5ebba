import type { Browser } from 'playwright-core';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { openStreams } from '../support/event-stream.js';
import { NginxServer } from '../support/nginx-server.js';
import { OrdersApi } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';
import { launchBrowser } from './support/browser.js';
import { builtPage } from './support/built-page.js';
import { OidcServer } from './support/oidc-server.js';
import { Operator } from './support/operators-page.js';
import { OPENING_MS } from './support/workshop.js';

const BASE_PATH = '/mes';

describe('the operators’ page below a base path, behind nginx', () => {
  let database: TestDatabase;
  let issuer: OidcServer;
  let instances: OrdersApi[];
  /** An instance with tokens for development, for what others do. */
  let elsewhere: OrdersApi;
  let nginx: NginxServer;
  let browser: Browser;
  let desk: Operator;
  let url: string;

  beforeAll(async () => {
    const [pageDirectory, port] = await Promise.all([builtPage(), freePort()]);
    url = `https://127.0.0.1:${String(port)}${BASE_PATH}`;
    [database, browser, issuer] = await Promise.all([
      createTestDatabase(),
      launchBrowser(),
      OidcServer.start(url, 3_600),
    ]);
    const shared = { databaseUrl: database.url, redisUrl: process.env.TEST_REDIS_URL ?? '' };
    const environment = {
      BASE_PATH,
      TRUST_PROXY: '127.0.0.1',
      AUTH_ISSUER: issuer.issuer,
      AUTH_JWKS_URL: `${issuer.endpoints}/jwks`,
      AUTH_AUDIENCE: 'urn:mes-orders-api',
      AUTH_CLIENT_ID: 'mes-web',
      AUTH_SCOPE: 'openid',
      AUTH_ROLES_CLAIM: 'realm_access.roles',
      AUTH_ROLE_MAP: 'mes-floor=operator',
    };
    instances = [];
    for (let i = 0; i < 2; i += 1) instances.push(await OrdersApi.start({ ...shared, pageDirectory, environment }));
    elsewhere = await OrdersApi.start(shared);
    nginx = await NginxServer.start(
      instances.map((one) => one.url),
      BASE_PATH,
      port,
    );
  }, OPENING_MS);

  beforeEach(async () => {
    desk = await Operator.atDesk(browser, url);
  });

  afterEach(async () => {
    expect([...desk.complaints]).toEqual([]);
    await desk.close();
  });

  afterAll(async () => {
    await browser.close();
    await nginx.stop();
    await Promise.all([...instances, elsewhere].map((one) => one.stop()));
    await issuer.stop();
    await database.drop();
  });

  async function create(): Promise<{ readonly id: string; readonly number: number }> {
    const request = { method: 'POST', token: await elsewhere.token('partner'), body: newOrder() };
    return (await elsewhere.call<{ id: string; number: number }>('/api/v1/orders', request)).body;
  }

  it('signs in at an issuer with endpoints on another host, and all its addresses are below the base path', async () => {
    const { page } = desk;
    const { id, number } = await create();
    const paths = new Set<string>();
    page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url());
      if (origin === new URL(url).origin) paths.add(pathname);
    });
    await page.goto(`${url}/?sort=dueAt`);
    await issuer.signIn(page, 'anna');
    await desk.row(id).waitFor();
    expect(page.url()).toBe(`${url}/?sort=dueAt`);
    await desk.live();

    await page.getByRole('link', { name: 'My work' }).click();
    await page.waitForURL(`${url}/mine`);
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await page.waitForURL(`${url}/dashboard`);
    await page.getByRole('link', { name: 'Orders', exact: true }).click();
    await desk.row(id).waitFor();
    await page.getByRole('link', { name: 'Board', exact: true }).click();
    await page.waitForURL(({ pathname }) => pathname === `${BASE_PATH}/board`);

    // A reload at an address below others, which signs in again without asking.
    await page.goto(`${url}/orders/${id}`);
    await page.getByRole('heading', { name: String(number) }).waitFor();
    expect(page.url()).toBe(`${url}/orders/${id}`);
    await page.locator('a.skip').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${url}/orders/${id}#content`);

    await page.goto(`${url}/nowhere`);
    await page.getByRole('link', { name: 'Go to New orders' }).click();
    await page.waitForURL(({ pathname }) => pathname.replace(/\/$/, '') === BASE_PATH);
    expect([...paths].filter((path) => !path.startsWith(`${BASE_PATH}/`))).toEqual([]);
  }, 180_000);

  it('goes on at the other instance when one dies, and misses nothing', async () => {
    const { page } = desk;
    await page.goto(`${url}/?sort=dueAt`);
    await issuer.signIn(page, 'boris');
    await desk.live();
    const streams = await Promise.all(instances.map(openStreams));
    const [dead] = instances.splice(
      streams.findIndex((count) => count > 0),
      1,
    );
    await dead?.stop();
    const { id } = await create();
    await desk.row(id).waitFor();
    await desk.live();
  }, 180_000);

  it('is where it belongs if somebody opens it past the proxy', async () => {
    const [instance] = instances;
    for (const path of ['/', '/dashboard', BASE_PATH, `${BASE_PATH}/`]) {
      await desk.page.goto(`${instance?.url ?? ''}${path}`);
      await desk.page.getByRole('button', { name: 'Sign in' }).waitFor();
      expect(new URL(desk.page.url()).pathname).toMatch(/^\/mes\/?$/);
    }
  });

  it('has a Swagger UI that calls the API below the base path', async () => {
    const { page } = desk;
    await page.goto(`${url}/docs`);
    await page.locator('#operations-operations-isLive .opblock-summary-control').click();
    const called = page.waitForResponse(`${url}/health/live`);
    await page.getByRole('button', { name: 'Execute' }).click();
    expect((await called).status()).toBe(200);
    expect(await page.locator('.servers select').inputValue()).toBe(BASE_PATH);
  });
});
