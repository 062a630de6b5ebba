import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Browser } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { insertOrders, newOrder } from '../support/test-orders.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { launchBrowser } from './support/browser.js';
import { builtPage } from './support/built-page.js';
import { OidcServer } from './support/oidc-server.js';
import { Operator } from './support/operators-page.js';
import { OPENING_MS } from './support/workshop.js';

/**
 * The lifetime of tokens in seconds. The page renews a token a minute before it expires: here, a few seconds after its issue.
 */
const TOKEN_LIFETIME = 65;

/** The answer of the API to a token that has expired. */
const EXPIRED = { status: 401, contentType: 'application/problem+json', body: '{"code":"UNAUTHORIZED"}' };

/** The answer of an issuer that cannot tell at the moment. */
const IN_TROUBLE = {
  status: 503,
  headers: { 'access-control-allow-origin': '*' },
  contentType: 'application/json',
  body: '{"error":"temporarily_unavailable"}',
};

describe('signing in at an issuer', () => {
  let database: TestDatabase;
  let table: OrdersTable;
  let issuer: OidcServer;
  let api: OrdersApi;
  let browser: Browser;
  let desk: Operator;

  beforeAll(async () => {
    const pageDirectory = await builtPage();
    // Just before it is used: another process may take it.
    const port = await freePort();
    [database, browser, issuer] = await Promise.all([
      createTestDatabase(),
      launchBrowser(),
      OidcServer.start(`http://127.0.0.1:${String(port)}`, TOKEN_LIFETIME),
    ]);
    table = await OrdersTable.connect(database.url);
    api = await OrdersApi.start({
      databaseUrl: database.url,
      pageDirectory,
      port,
      environment: {
        AUTH_ISSUER: issuer.issuer,
        AUTH_JWKS_URL: `${issuer.endpoints}/jwks`,
        AUTH_AUDIENCE: 'urn:mes-orders-api',
        AUTH_CLIENT_ID: 'mes-web',
        AUTH_SCOPE: 'openid',
      },
    });
  }, OPENING_MS);

  beforeEach(async () => {
    desk = await Operator.atDesk(browser, api.url);
  });

  afterEach(async () => {
    issuer.thaw();
    expect([...desk.complaints]).toEqual([]);
    await desk.close();
  });

  afterAll(async () => {
    await browser.close();
    await api.stop();
    await issuer.stop();
    await table.close();
    await database.drop();
  });

  /** Signs in on the screen of a new order. */
  async function openOrder(name: string): Promise<void> {
    const [order] = await table.query<{ id: string }>(insertOrders(1));
    await desk.open(`/orders/${order?.id ?? ''}`);
    await issuer.signIn(desk.page, name);
    await desk.live();
  }

  /** Makes the page use other settings of its sign-in than those of the API. */
  async function withSettings(settings: object): Promise<void> {
    await desk.page.route('**/page/settings', async (route) => {
      const response = await route.fetch();
      const page = (await response.json()) as { readonly signIn: object };
      await route.fulfill({ response, json: { ...page, signIn: { ...page.signIn, ...settings } } });
    });
  }

  async function freePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }

  it('returns to the address where it started, and needs no input after a reload', async () => {
    const { page } = desk;
    await desk.open('/?sort=dueAt');
    await issuer.signIn(page, 'anna');
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    expect(new URL(page.url()).search).toBe('?sort=dueAt');
    await page.locator('.subject', { hasText: 'anna' }).waitFor();
    await desk.live();

    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])');
    expect(kept).not.toMatch(/eyJ|access_token|refresh_token/);

    await page.reload();
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    expect(new URL(page.url()).search).toBe('?sort=dueAt');
    await desk.live();
  });

  it('lasts longer than a token, because the page renews it in the background', async () => {
    const { page } = desk;
    const tokens = new Set<string>();
    page.on('request', (request) => {
      const { authorization } = request.headers();
      // The hidden frame also loads the page, but must not call the API.
      if (authorization !== undefined && request.frame() === page.mainFrame()) tokens.add(authorization);
    });
    await desk.open('/');
    await issuer.signIn(page, 'clara');
    await desk.live();
    const before = tokens.size;
    await page.waitForResponse(`${issuer.endpoints}/token`);
    await eventually(async () => {
      await page.getByRole('link', { name: 'Dashboard' }).click();
      await page.getByRole('link', { name: 'Orders', exact: true }).click();
      return tokens.size > before;
    });
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
  });

  it('outlasts a sleep of the device that is longer than a token, with what was typed', async () => {
    const { page } = desk;
    await page.clock.install();
    await openOrder('fedor');
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.getByRole('button', { name: 'Put on hold' }).click();
    await page.getByLabel('Comment').fill('Waits for gold.');
    const renewal = page.waitForResponse(`${issuer.endpoints}/token`);
    await page.clock.fastForward('01:00:00');
    await renewal;
    await page.getByRole('dialog').getByRole('button', { name: 'No material' }).click();
    await page.locator('.hold-note').getByText('Waits for gold.').waitFor();
  });

  it('needs no input if the API does not accept a token any more, and makes the step with a new one', async () => {
    const { page } = desk;
    await openOrder('galina');
    await page.route('**/api/v1/orders/*/status', (route) => route.fulfill(EXPIRED), { times: 1 });
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.locator('.notice', { hasText: 'is yours.' }).waitFor();
  });

  it.each([
    [
      'silent',
      () => {
        issuer.freeze();
        return Promise.resolve();
      },
    ],
    ['in trouble', () => desk.page.route(`${issuer.endpoints}/token`, (route) => route.fulfill(IN_TROUBLE))],
  ])('outlasts a token if the issuer is %s just then, with the step that was asked for', async (_, disturb) => {
    const { page } = desk;
    await openOrder('olga');
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.getByRole('button', { name: 'Put on hold' }).click();
    await page.getByLabel('Comment').fill('Waits for gold.');
    await disturb();
    await page.route('**/api/v1/**', (route) => route.fulfill(EXPIRED));
    await page.getByRole('dialog').getByRole('button', { name: 'No material' }).click();
    const again = page
      .locator('.notice', { hasText: 'busy or unavailable' })
      .getByRole('button', { name: 'Try again' });
    await again.waitFor();
    await page.unroute('**/api/v1/**');
    await page.unroute(`${issuer.endpoints}/token`);
    issuer.thaw();
    await again.click();
    await page.locator('.hold-note').getByText('Waits for gold.').waitFor();
  });

  it('uses a refresh token once, also if the API no longer accepts a token that is just being renewed', async () => {
    const { page } = desk;
    await page.clock.install();
    await withSettings({ clientId: 'mes-web-refreshing' });
    await openOrder('tamara');
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route(`${issuer.endpoints}/token`, async (route) => {
      await held;
      await route.continue();
    });
    const renewal = page.waitForRequest(`${issuer.endpoints}/token`);
    await page.clock.fastForward(TOKEN_LIFETIME * 1_000);
    expect((await renewal).postData()).toContain('grant_type=refresh_token');
    await page.route('**/api/v1/orders/*/status', (route) => route.fulfill(EXPIRED), { times: 1 });
    const rejected = page.waitForResponse('**/api/v1/orders/*/status');
    await page.getByRole('button', { name: 'Take order' }).click();
    await rejected;
    await desk.painted();
    answer();
    await page.locator('.notice', { hasText: 'is yours.' }).waitFor();
  });

  it.each([
    ['refused', { contentType: 'application/json', body: '{"error":"invalid_grant"}' }],
    ['not understood', { contentType: 'text/html', body: '<h1>Bad Request</h1>' }],
  ])('needs no input if a refresh token is %s but the issuer knows the user', async (_, answer) => {
    const { page } = desk;
    await withSettings({ clientId: 'mes-web-refreshing' });
    await openOrder('ulla');
    const refused = { status: 400, headers: { 'access-control-allow-origin': '*' }, ...answer };
    await page.route(`${issuer.endpoints}/token`, (route) => {
      const isRefresh = route.request().postData()?.includes('grant_type=refresh_token');
      return isRefresh ? route.fulfill(refused) : route.continue();
    });
    await page.route('**/api/v1/orders/*/status', (route) => route.fulfill(EXPIRED), { times: 1 });
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.locator('.notice', { hasText: 'is yours.' }).waitFor();
  });

  it('ends with a message if the issuer neither refreshes the token nor knows the user', async () => {
    const { page } = desk;
    await withSettings({ clientId: 'mes-web-refreshing' });
    await openOrder('vera');
    await page.context().clearCookies();
    const refused = { status: 400, headers: { 'access-control-allow-origin': '*' }, contentType: 'text/html' };
    await page.route(`${issuer.endpoints}/token`, (route) => route.fulfill(refused));
    await page.route('**/api/v1/orders/*/status', (route) => route.fulfill(EXPIRED));
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.getByText('Your session has expired.').waitFor();
  });

  it('ends with a message if the hidden frame never answers although the issuer is there', async () => {
    const { page } = desk;
    await openOrder('pavel');
    await page.route(/prompt=none/, () => undefined);
    await page.route('**/api/v1/**', (route) => route.fulfill(EXPIRED));
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.getByText('Your session has expired.').waitFor();
    await page.unroute('**/api/v1/**');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Take order' }).waitFor();
  });

  it('ends with a message if the issuer gives no new token', async () => {
    const { page } = desk;
    await openOrder('hanna');
    await page.context().clearCookies();
    await page.route('**/api/v1/orders/*/status', (route) => route.fulfill(EXPIRED));
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.getByText('Your session has expired.').waitFor();
    await page.locator('.notice', { hasText: 'You had to sign in again first.' }).waitFor();
  });

  it('ends with a message if the API accepts none of the tokens', async () => {
    const { page } = desk;
    await openOrder('ivan');
    await page.route('**/api/v1/orders/*/status', (route) => route.fulfill(EXPIRED));
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.getByText('Your session has expired.').waitFor();
  });

  describe('after a session that expired while somebody was writing', () => {
    const unsaved = /^Put on hold · No\. \d+\. Your comment was not saved: “Waits for gold\.”$/;
    const kept = (): Promise<string> => desk.page.evaluate<string>('JSON.stringify({ ...sessionStorage })');

    /** Lets the session of a user expire who has a dialog open. */
    async function expireWhileWriting(name: string): Promise<void> {
      const { page } = desk;
      await openOrder(name);
      await page.getByRole('button', { name: 'Take order' }).click();
      await page.getByRole('button', { name: 'Put on hold' }).click();
      await page.getByLabel('Comment').fill('Waits for gold.');
      await page.context().clearCookies();
      await page.route('**/api/v1/**', (route) => route.fulfill(EXPIRED));
      // The page refreshes what it shows.
      await page.evaluate("dispatchEvent(new Event('online'))");
      await page.getByText('Your session has expired.').waitFor();
      await page.unroute('**/api/v1/**');
      expect(await kept()).toContain('Waits for gold.');
    }

    it('gives the same user the text back, also if they gave up signing in at first', async () => {
      const { page } = desk;
      await expireWhileWriting('yana');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('link', { name: 'Cancel' }).click();
      await issuer.signIn(page, 'yana');
      await page.locator('.notice').getByText(unsaved).waitFor();
      await page.getByRole('button', { name: 'Put on hold' }).waitFor();
      expect(await kept()).not.toContain('Waits for gold.');
    });

    it('gives the text back also if it was sent just then', async () => {
      const { page } = desk;
      await openOrder('xavier');
      await page.getByRole('button', { name: 'Take order' }).click();
      await page.getByRole('button', { name: 'Put on hold' }).click();
      await page.getByLabel('Comment').fill('Waits for gold.');
      await page.context().clearCookies();
      await page.route('**/api/v1/orders/*/status', (route) => route.fulfill(EXPIRED));
      await page.getByRole('dialog').getByRole('button', { name: 'No material' }).click();
      await page.locator('.notice', { hasText: 'You had to sign in again first.' }).waitFor();
      await page.unroute('**/api/v1/orders/*/status');
      await issuer.signIn(page, 'xavier');
      await page.locator('.notice').getByText(unsaved).waitFor();
    });

    it('gives another user nothing, and forgets the text', async () => {
      await expireWhileWriting('zoe');
      await issuer.signIn(desk.page, 'adam');
      await desk.live();
      expect(await desk.page.locator('.notice').count()).toBe(0);
      expect(await kept()).not.toContain('Waits for gold.');
    });

    it('forgets the text when the user signs out in another tab', async () => {
      const { page } = desk;
      const tab = await page.context().newPage();
      await tab.goto(api.url);
      await issuer.signIn(tab, 'bella');
      await tab.getByRole('heading', { name: 'New orders' }).waitFor();
      await tab.context().clearCookies();
      await expireWhileWriting('bella');
      await tab.locator('header [aria-haspopup=menu]').click();
      await tab.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByText('Your session has expired.').waitFor({ state: 'detached' });
      expect(await kept()).not.toContain('Waits for gold.');
    });
  });

  it('says so if the API is away on the way back from the issuer, and then returns to the address', async () => {
    const { page } = desk;
    const busy = { status: 503, contentType: 'application/problem+json', body: '{"code":"OVERLOADED"}' };
    await desk.open('/board?priority=HIGH');
    await page.route('**/api/v1/me', (route) => route.fulfill(busy), { times: 1 });
    await issuer.signIn(page, 'karl');
    await page.getByText('Couldn’t reach the server or the sign-in service.').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Board' }).waitFor();
    expect(new URL(page.url()).search).toBe('?priority=HIGH');
  });

  it('returns to the address also if the user changes their mind at the issuer', async () => {
    const { page } = desk;
    await desk.open('/board?priority=HIGH');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(new URL(page.url()).search).toBe('?priority=HIGH');
    await issuer.signIn(page, 'lena');
    await page.getByRole('heading', { name: 'Board' }).waitFor();
  });

  it('says why the issuer refuses it', async () => {
    const { page } = desk;
    await withSettings({ scope: 'openid archive' });
    await desk.open('/board?priority=HIGH');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Sign-in was refused: “requested scope is not allowed”').waitFor();
    expect(new URL(page.url()).search).toBe('?priority=HIGH');
  });

  it('says why the API refuses the token, and does not try by itself again', async () => {
    const { page } = desk;
    await withSettings({ audience: 'urn:another-api' });
    await desk.open('/');
    await issuer.signIn(page, 'wanda');
    const why = /^Sign-in was refused: “The token is not valid for this API: its claim aud .+”$/;
    await page.getByRole('alert').getByText(why).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('says nothing of a redirect that is opened a second time', async () => {
    const { page } = desk;
    const redirect = page.waitForRequest('**/signed-in?**');
    await desk.open('/');
    await issuer.signIn(page, 'xenia');
    const address = (await redirect).url();
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    await page.goto(address);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('is necessary again after signing out', async () => {
    const { page } = desk;
    await desk.open('/');
    await issuer.signIn(page, 'boris');
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    await desk.openUserMenu();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL(`${issuer.endpoints}/**`);
    await page.getByRole('button', { name: 'Yes, sign me out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('is not in the way of Back after a reload', async () => {
    const { page } = desk;
    const [order] = await table.query<{ id: string }>(insertOrders(1));
    await desk.open('/?sort=-createdAt');
    await issuer.signIn(page, 'nina');
    await desk
      .row(order?.id ?? '')
      .getByRole('link')
      .first()
      .click();
    await page.getByRole('heading', { name: 'Order' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Take order' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
  });

  it('ends in all tabs when the user signs out in one', async () => {
    const { page } = desk;
    await desk.open('/');
    await issuer.signIn(page, 'maria');
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    const tab = await page.context().newPage();
    await tab.goto(page.url());
    await tab.getByRole('button', { name: 'Sign in' }).click();
    await tab.getByRole('heading', { name: 'New orders' }).waitFor();
    await tab.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error())');
    await tab.getByRole('button', { name: 'Saved views' }).click();
    await tab.getByRole('menuitem', { name: 'Copy link to this view' }).click();
    await tab.locator('.notice').waitFor();
    await desk.openUserMenu();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await tab.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await tab.getByRole('alert').count()).toBe(0);
    expect(await tab.locator('.notice').count()).toBe(0);
  });

  it('ends with a message if the issuer is silent, and can be tried again', async () => {
    const { page } = desk;
    await desk.open('/');
    issuer.freeze();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Couldn’t reach the server or the sign-in service.').waitFor();
    issuer.thaw();
    await page.getByRole('button', { name: 'Try again' }).click();
    await issuer.signIn(page, 'dora');
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
  });

  it('is offered again if the issuer is silent while the user signs out', async () => {
    const { page } = desk;
    await desk.open('/');
    await issuer.signIn(page, 'eva');
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    // While a navigation is under way, the document can only speak for itself.
    await page.evaluate(`
      new MutationObserver(() => {
        if (document.querySelector('.sign-in .primary')) console.info(document.body.innerText);
      }).observe(document.body, { childList: true, subtree: true });
    `);
    const said = page.waitForEvent('console', (message) => message.type() === 'info');
    await desk.openUserMenu();
    issuer.freeze();
    await page.getByRole('menuitem', { name: 'Sign out' }).click({ noWaitAfter: true });
    expect((await said).text()).toMatch(/^MES Orders\s+Sign in\b/);
    issuer.thaw();
  });

  it('refuses development tokens', async () => {
    const answer = await api.call('/page/development-tokens', { method: 'POST', body: { role: 'admin' } });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'DEVELOPMENT_SIGN_IN_REFUSED' });
    await desk.open('/');
    await desk.page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await desk.page.locator('form').count()).toBe(0);
    expect((await api.call('/api/v1/orders', { method: 'POST', body: newOrder() })).status).toBe(401);
  });
});
