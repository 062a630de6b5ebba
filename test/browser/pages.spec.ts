import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { eventually } from '../support/eventually.js';
import { newOrder } from '../support/test-orders.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { createTestDatabase } from '../support/test-database.js';
import { violations } from './support/accessibility.js';
import { builtPage } from './support/built-page.js';
import { holdResponse } from './support/hold-response.js';
import type { Language } from './support/operators-page.js';
import { OPENING_MS, Workshop } from './support/workshop.js';

/** The folder of the screenshots. */
const SCREENSHOTS = resolve('coverage/screenshots');

const LANGUAGES: readonly Language[] = ['en', 'ru'];
const TABLET = { width: 800, height: 1180 };

describe('the operators’ page, in a browser', () => {
  let workshop: Workshop;

  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    workshop = await Workshop.open();
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(() => workshop.close());

  describe('my work', () => {
    it('shows the orders that the operator took, and changes their status', async () => {
      const { id } = await workshop.create();
      await workshop.move({ id }, 'MANUFACTURING_STARTED', 'anna');
      await workshop.move(await workshop.create(), 'MANUFACTURING_STARTED', 'boris');
      const { page } = await workshop.signedIn({ name: 'anna' });
      await page.getByRole('link', { name: 'My work' }).click();
      const card = page.getByRole('listitem');
      await card.waitFor();
      expect(await card.count()).toBe(1);

      await card.getByRole('button', { name: 'Mark as manufactured' }).click();
      await card.getByRole('button', { name: 'Send to rework' }).click();
      await page.getByRole('dialog').getByLabel('Reason').fill('A scratch on the bezel.');
      await page.getByRole('button', { name: 'Confirm' }).click();
      await card.getByRole('button', { name: 'Put on hold' }).click();
      await page.getByRole('dialog').getByLabel('Comment').fill('Waits for gold.');
      await page.getByRole('button', { name: 'No material' }).click();
      await card.getByText('On hold', { exact: true }).waitFor();
      await card.getByRole('button', { name: 'Resume' }).click();
      await card.getByText('In production', { exact: true }).waitFor();

      await card.getByRole('link').click();
      await page.getByText('A scratch on the bezel.').waitFor();
      await page.getByText('Waits for gold.').waitFor();
      await eventually(async () => (await page.locator('.timeline li').count()) === 6);
    });

    it('asks for a reason, and changes nothing if the operator dismisses the dialog', async () => {
      const { id } = await workshop.create();
      await workshop.move({ id }, 'MANUFACTURING_STARTED', 'olga');
      const { page } = await workshop.signedIn({ name: 'olga' });
      await page.getByRole('link', { name: 'My work' }).click();
      await page.getByRole('button', { name: 'Put on hold' }).click();
      await page.getByRole('button', { name: 'Don’t change' }).click();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      expect((await workshop.order({ id })).status).toBe('MANUFACTURING_STARTED');
    });

    it('shows a status change by another operator', async () => {
      const { id } = await workshop.create();
      await workshop.move({ id }, 'MANUFACTURING_STARTED', 'ivan');
      const { page } = await workshop.signedIn({ name: 'ivan' });
      await page.getByRole('link', { name: 'My work' }).click();
      await page.getByText('In production').waitFor();
      await workshop.move({ id }, 'MANUFACTURING_COMPLETED', 'boris');
      await page.getByText('Manufactured', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Send to rework' }).waitFor();
    });
  });

  it('shows all data of an order, and its changes live', async () => {
    const dueAt = new Date(Date.now() + 86_400_000).toISOString();
    const { id } = await workshop.create({
      externalId: 'WEB-1',
      priority: 'HIGH',
      comment: 'Engrave M. S.',
      price: { amount: '1234567890.12', currency: 'EUR' },
      product: { name: 'Signet ring', modelUrl: 'https://models.example.com/ring.stl' },
      dueAt,
    });
    const desk = await workshop.signedIn();
    await desk.open(`/orders/${id}`);
    const { page } = desk;
    await page.getByText('Engrave M. S.').waitFor();
    const facts = await page.locator('.facts').innerText();
    for (const text of ['Signet ring', 'Gold 585', 'Мария Соколова', '€1,234,567,890.12', 'WEB-1', 'partner-1']) {
      expect(facts).toContain(text);
    }
    expect(await page.getByRole('link', { name: 'Open' }).getAttribute('href')).toBe(
      'https://models.example.com/ring.stl',
    );
    await desk.live();
    await workshop.move({ id }, 'ON_HOLD', 'boris', 'No gold');
    await page.locator('.timeline').getByText('No gold').waitFor();
    await page.getByRole('button', { name: 'Return to queue' }).waitFor();
  });

  it('asks browsers not to translate it: they would take the texts away that it updates', async () => {
    const desk = await workshop.atDesk();
    await desk.open('/');
    expect(await desk.page.evaluate('document.documentElement.translate')).toBe(false);
    expect(await desk.page.locator('meta[name=google]').getAttribute('content')).toBe('notranslate');
  });

  it('says that the history of an order is loading, or that it cannot be loaded, and loads it on request', async () => {
    const { id } = await workshop.create();
    await workshop.move({ id }, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn();
    const { page } = desk;
    const history = page.getByRole('region', { name: 'History' });
    const response = await holdResponse(page, `**/api/v1/orders/${id}/history`);
    await desk.open(`/orders/${id}`);
    await history.getByText('Created').waitFor();
    await history.getByText('Loading…').waitFor();
    response.release();
    await history.getByText('In production').waitFor();
    expect(await history.getByText('Loading…').count()).toBe(0);

    const refused = { status: 503, json: { code: 'OVERLOADED' } };
    await page.route(`**/api/v1/orders/${id}/history`, (route) => route.fulfill(refused));
    await page.reload();
    await history.getByText('Couldn’t load the data.').waitFor();
    await page.unroute(`**/api/v1/orders/${id}/history`);
    await history.getByRole('button', { name: 'Try again' }).click();
    await history.getByText('In production').waitFor();
    expect(await history.getByRole('alert').count()).toBe(0);
  });

  it.each([429, 408])('keeps showing an order while the API cannot refresh it: %d', async (status) => {
    const { id } = await workshop.create();
    const desk = await workshop.signedIn();
    await desk.open(`/orders/${id}`);
    await desk.live();
    const heading = desk.page.getByRole('heading', { name: /^Order \d/ });
    await heading.waitFor();
    await desk.page.route(`**/api/v1/orders/${id}`, (route) => route.fulfill({ status, json: {} }));
    await workshop.change({ id }, { priority: 'URGENT' });
    await desk.page.getByRole('alert').getByText('Couldn’t refresh the data.').waitFor();
    expect(await heading.isVisible()).toBe(true);
  });

  it('shows a message if an order does not exist', async () => {
    const desk = await workshop.signedIn();
    await desk.open('/orders/01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d');
    await desk.page.getByText('Order not found').waitFor();
    expect(await desk.page.getByRole('heading', { level: 1 }).count()).toBe(1);
  });

  it.each(['material=%E2%80%8B', 'assignee=%E2%80%8B'])(
    'says that the server does not accept a filter: ?%s',
    async (search) => {
      const desk = await workshop.signedIn();
      await desk.open(`/board?${search}`);
      await desk.page.getByText('Check the address and the filters.').first().waitFor();
      expect(await desk.page.getByText('Order not found').count()).toBe(0);
    },
  );

  it('updates the dashboard live, and shows the cache to administrators only', async () => {
    const admin = await workshop.signedIn({ role: 'admin' });
    await admin.page.getByRole('link', { name: 'Dashboard' }).click();
    const tile = admin.page.getByRole('listitem').filter({ hasText: /New$/ }).locator('strong');
    const count = async (): Promise<number> => Number((await tile.innerText()).replace(/\D/g, ''));
    await tile.waitFor();
    await admin.live();
    const before = await count();
    await workshop.create();
    await eventually(async () => (await count()) === before + 1);
    await admin.page.getByText('Cache hit rate').waitFor();
    await eventually(async () => (await admin.page.locator('.ct-bar').count()) === 24);

    const viewer = await workshop.signedIn({ role: 'viewer' });
    await viewer.open('/dashboard');
    await viewer.page.locator('.ct-bar').first().waitFor({ state: 'attached' });
    expect(await viewer.page.getByText('Cache hit rate').count()).toBe(0);
  });

  it('remembers the chosen language and theme', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    await desk.openUserMenu();
    await page.getByRole('menuitemradio', { name: 'Русский' }).click();
    await page.getByRole('heading', { name: 'Новые заказы' }).waitFor();
    await page.getByRole('menuitemradio', { name: 'Тёмная' }).click();
    await page.reload();
    await page.getByRole('heading', { name: 'Новые заказы' }).waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('ru');
    expect(await page.evaluate('document.documentElement.translate')).toBe(false);
    await eventually(async () => (await page.title()).endsWith(' – MES: заказы'));
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(20, 23, 27)');
  });

  it('stores no token in the browser', async () => {
    const { page } = await workshop.signedIn();
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
    expect(kept).not.toMatch(/eyJ/);
    await page.reload();
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
  });

  it('shows nothing of a user who has signed out, even while the server is silent', async () => {
    const { id } = await workshop.create();
    const desk = await workshop.signedIn();
    await desk.row(id).waitFor();
    const settings = await holdResponse(desk.page, '**/page/settings');
    await desk.openUserMenu();
    await desk.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await settings.answered;
    expect(await desk.page.locator('header').count()).toBe(0);
    expect(await desk.row(id).count()).toBe(0);
    settings.release();
    await desk.page.locator('.sign-in form').waitFor();
  });

  it('shows that the session has expired, and returns to the same screen after signing in again', async () => {
    const desk = await workshop.signedIn();
    await desk.page.getByLabel('Sort').selectOption('Oldest first');
    // The response to an expired token. Only the filter asks for this list, so the page cannot hear of it before the click.
    await desk.page.route('**/api/v1/orders?*priority=URGENT*', (route) =>
      route.fulfill({ status: 401, json: { code: 'TOKEN_INVALID' } }),
    );
    await desk.page.getByRole('checkbox', { name: 'Urgent' }).click();
    await desk.page.getByText('Your session has expired.').waitFor();
    await desk.page.unroute('**/api/v1/orders?*priority=URGENT*');
    await desk.signIn();
    await desk.page.getByRole('heading', { name: 'New orders' }).waitFor();
    expect(new URL(desk.page.url()).search).toBe('?priority=URGENT&sort=createdAt');
  });

  it('gives back after signing in again what was being written when the session expired', async () => {
    const order = await workshop.create();
    await workshop.move(order, 'MANUFACTURING_STARTED');
    const desk = await workshop.signedIn({ name: 'operator-1' });
    const { page } = desk;
    await desk.open(`/orders/${order.id}`);
    await page.getByRole('button', { name: 'Put on hold' }).click();
    await page.getByLabel('Comment').fill('Waits for gold.');
    await page.route('**/api/v1/**', (route) => route.fulfill({ status: 401, json: { code: 'TOKEN_INVALID' } }));
    await page.evaluate("dispatchEvent(new Event('online'))");
    await page.getByText('Your session has expired.').waitFor();
    await page.unroute('**/api/v1/**');
    await desk.signIn({ name: 'operator-1' });
    const unsaved = `Put on hold · No. ${String(order.number)}. Your comment was not saved: “Waits for gold.”`;
    await page.locator('.notice').getByText(unsaved).waitFor();
  });

  it('says after signing in again that a step was not made, because the session had expired', async () => {
    const order = await workshop.create();
    const desk = await workshop.signedIn();
    const step = `**/api/v1/orders/${order.id}/status`;
    await desk.page.route(step, (route) => route.fulfill({ status: 401, json: { code: 'TOKEN_INVALID' } }));
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await desk.page.getByText('Your session has expired.').waitFor();
    await desk.page.unroute(step);
    await desk.signIn();
    await desk.row(order.id).waitFor();
    const notice = desk.page.getByRole('log').getByText('You had to sign in again first.');
    await notice.waitFor();
    expect(await notice.innerText()).toContain(String(order.number));

    await desk.openUserMenu();
    await desk.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await desk.page.locator('.sign-in form').waitFor();
    expect(await notice.count()).toBe(0);
  });

  it('says to the next user what became of a late step, but does not offer to repeat it', async () => {
    const orders = [await workshop.create(), await workshop.create()];
    // The page waits for the answer as long as the test needs.
    const desk = await workshop.signedIn({ initScript: 'AbortSignal.timeout = () => new AbortController().signal;' });
    const { page } = desk;
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/api/v1/orders/status', async (route) => {
      await held;
      await route.fulfill({ status: 429, json: {} });
    });
    for (const { id } of orders) await desk.row(id).getByRole('checkbox').click();
    await page.getByRole('button', { name: 'Take 2 orders' }).click();
    const filtered = '**/api/v1/orders?*priority=URGENT*';
    await page.route(filtered, (route) => route.fulfill({ status: 401, json: { code: 'TOKEN_INVALID' } }));
    await page.getByRole('checkbox', { name: 'Urgent' }).click();
    await page.getByText('Your session has expired.').waitFor();
    await page.unroute(filtered);
    await desk.signIn({ name: 'boris' });
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    answer();
    const notices = page.getByRole('log');
    await notices.getByText('The server is busy').waitFor();
    expect(await notices.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });

  it('shows that the browser is offline, and catches up when it is online again', async () => {
    const gone = await workshop.create();
    const desk = await workshop.signedIn();
    await desk.row(gone.id).waitFor();
    await desk.live();
    await desk.page.context().setOffline(true);
    await desk.page.getByText('You are offline.').waitFor();
    await workshop.move(gone, 'CANCELLED');
    const come = await workshop.create();
    await desk.page.context().setOffline(false);
    await desk.row(come.id).waitFor();
    await desk.row(gone.id).waitFor({ state: 'detached' });
    await desk.page.getByText('You are offline.').waitFor({ state: 'detached' });
  });

  it('tells the date of data that is not from today', async () => {
    const desk = await workshop.atDesk();
    const { page } = desk;
    await page.clock.install();
    await desk.open('/');
    await desk.signIn();
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await page.getByText(/^As of \d\d:\d\d$/).waitFor();
    await desk.live();
    await page.context().setOffline(true);
    const banner = page.getByRole('alert');
    await banner.getByText(/Last updated at \d\d:\d\d\.$/).waitFor();
    await page.clock.fastForward('24:00:00');
    await banner.getByText(/Last updated at \d+ \w+ \d{4}, \d\d:\d\d\.$/).waitFor();
    await page.getByText(/^As of \d+ \w+ \d{4}, \d\d:\d\d$/).waitFor();
  });

  it('shows that data cannot be loaded, and loads it on request', async () => {
    const { id } = await workshop.create();
    const desk = await workshop.atDesk();
    await desk.page.route('**/api/v1/orders?*', (route) =>
      route.fulfill({ status: 503, json: { code: 'OVERLOADED' } }),
    );
    await desk.open('/');
    await desk.signIn();
    await desk.page.getByText('Couldn’t load the data.').waitFor();
    await desk.page.unroute('**/api/v1/orders?*');
    await desk.page.getByRole('button', { name: 'Try again' }).click();
    await desk.row(id).waitFor();
  });

  it('shows that the API is down, reconnects by itself, and shows no outdated orders', async () => {
    const pageDirectory = await builtPage();
    const own = await createTestDatabase();
    const options = { databaseUrl: own.url, redisUrl: process.env.TEST_REDIS_URL ?? '', pageDirectory };
    const [mine, table] = await Promise.all([OrdersApi.start(options), OrdersTable.connect(own.url)]);
    const partner = { method: 'POST', token: await mine.token('partner'), body: newOrder() };
    const [gone, still] = await Promise.all(
      [1, 2].map(async () => (await mine.call<{ id: string }>('/api/v1/orders', partner)).body.id),
    );
    const desk = await workshop.signedIn({}, mine.url);
    await desk.row(gone ?? '').waitFor();
    await desk.live();
    await mine.restart(async () => {
      await desk.page.getByText('Connection lost. Reconnecting…').waitFor();
      await table.query(`UPDATE orders SET status = 'CANCELLED', version = 2 WHERE id = $1`, [gone]);
    });
    await desk.live();
    await desk.page.getByText('Connection lost').waitFor({ state: 'detached' });
    await desk.row(gone ?? '').waitFor({ state: 'detached' });
    await desk.row(still ?? '').waitFor();
    await table.close();
    await mine.stop();
    await own.drop();
  });

  describe.each(LANGUAGES)('in %s', (language) => {
    it('violates no accessibility rule on any screen', async () => {
      await workshop.create({ priority: 'URGENT', comment: 'Engrave M. S.' });
      const taken = await workshop.create({ priority: 'HIGH' });
      await workshop.move(taken, 'MANUFACTURING_STARTED', `eva-${language}`);
      await workshop.move(taken, 'ON_HOLD', `eva-${language}`, 'Waits for gold.');
      for (const colorScheme of ['light', 'dark'] as const) {
        const desk = await workshop.atDesk({ language, colorScheme });
        const { page } = desk;
        const look = async (name: string): Promise<void> => {
          await page.screenshot({ path: resolve(SCREENSHOTS, `${name}-${language}-${colorScheme}.png`) });
          expect({ name, colorScheme, found: await violations(page) }).toEqual({ name, colorScheme, found: [] });
        };
        await desk.open('/');
        await page.locator('form').waitFor();
        await look('sign-in');
        await desk.signIn({ role: 'admin', name: `eva-${language}` });
        await page.getByRole('grid').waitFor();
        await desk.live();
        await look('queue');
        await page.setViewportSize(TABLET);
        await look('queue-tablet');
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.locator('header nav a').nth(1).click();
        await page.getByRole('listitem').first().waitFor();
        await look('my-work');
        await page.getByRole('listitem').getByRole('link').first().click();
        await page.locator('.timeline li').nth(2).waitFor();
        await look('order');
        await page.locator('header nav a').nth(2).click();
        await page.locator('.ct-bar').first().waitFor({ state: 'attached' });
        await page.getByRole('meter').waitFor();
        await look('dashboard');
        await desk.open('/?q=nothing-like-this');
        await page.locator('.state').waitFor();
        await look('empty');
      }
    });
  });

  it.each([
    ['en', 'ru'],
    ['ru', 'en'],
  ] as const)(
    'loads the texts in its language (%s) together with its scripts, and no others',
    async (language, other) => {
      const desk = await workshop.atDesk({ language });
      const { page } = desk;
      const requested: string[] = [];
      page.on('request', (request) => requested.push(new URL(request.url()).pathname));
      const ofTexts = (name: string): string | undefined =>
        requested.find((path) => path.startsWith(`/assets/${name}-`));
      // The scripts arrive only after the texts were asked for.
      await page.route('**/assets/first-screen-*.js', async (route) => {
        await eventually(() => ofTexts(language));
        await route.continue();
      });
      await desk.open('/');
      await desk.signIn();
      await desk.live();
      expect(ofTexts(language)).toBeDefined();
      expect(ofTexts(other)).toBeUndefined();
    },
  );

  it('loads less than 150 kB of scripts for its first screen', async () => {
    const desk = await workshop.atDesk();
    const session = await desk.page.context().newCDPSession(desk.page);
    await session.send('Network.enable');
    const scripts = new Map<string, number>();
    session.on('Network.responseReceived', ({ requestId, response }) => {
      // The other screens load when this one is there.
      const isFirstScreen = !response.url.includes('-page-');
      if (isFirstScreen && response.mimeType.includes('javascript')) scripts.set(requestId, 0);
    });
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (scripts.has(requestId)) scripts.set(requestId, encodedDataLength);
    });
    await desk.open('/');
    await desk.signIn();
    await desk.page.getByRole('heading', { name: 'New orders' }).waitFor();
    await desk.live();
    const total = [...scripts.values()].reduce((sum, length) => sum + length, 0);
    expect(total).toBeGreaterThan(10_000);
    expect(total).toBeLessThan(150_000);
  });
});
