import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { launchBrowser, type BrowserOptions } from './support/browser.js';
import { builtPage } from './support/built-page.js';
import { Operator, type OperatorOptions } from './support/operators-page.js';
import { OPENING_MS, Workshop } from './support/workshop.js';

const UNUSUAL_BROWSERS: readonly [name: string, options: BrowserOptions][] = [
  ['without a locale', { environment: { LANG: 'C', LC_ALL: 'C', LANGUAGE: '' } }],
  ['in a locale of POSIX', { environment: { LANG: 'en_US@posix', LC_ALL: 'en_US@posix', LANGUAGE: 'en_US@posix' } }],
  ['in a language that does not exist', { args: ['--lang=x-none', '--accept-lang=x-none'] }],
  ['in a time zone that does not exist', { environment: { TZ: 'Nowhere/At_All' } }],
];

const UNUSUAL_DOCUMENTS: readonly [name: string, initScript: string][] = [
  [
    'whose language is en-US@posix',
    `Object.defineProperty(navigator, 'language', { get: () => 'en-US@posix' });
     Object.defineProperty(navigator, 'languages', { get: () => ['en-US@posix', 'не язык', ''] });`,
  ],
  [
    'without languages',
    `Object.defineProperty(navigator, 'language', { get: () => undefined });
     Object.defineProperty(navigator, 'languages', { get: () => undefined });`,
  ],
  [
    'that refuses storage',
    `for (const name of ['localStorage', 'sessionStorage']) {
       Object.defineProperty(window, name, { get() { throw new DOMException('Access is denied', 'SecurityError'); } });
     }`,
  ],
  [
    'whose storage is full',
    `Storage.prototype.setItem = () => { throw new DOMException('Quota exceeded', 'QuotaExceededError'); };`,
  ],
  [
    'whose storage holds garbage',
    `for (const name of ['mes.theme', 'mes.language', 'mes.reloaded-at']) localStorage.setItem(name, '{"💥');
     if (!sessionStorage.getItem('mes.development.choice')) sessionStorage.setItem('mes.development.choice', '{"role"');`,
  ],
  [
    'whose storage holds data of another version',
    `if (!sessionStorage.getItem('mes.development.choice')) {
       sessionStorage.setItem('mes.development.choice', '{"role":"root","name":7}');
     }`,
  ],
  [
    'without channels, locks and idle callbacks',
    `delete window.BroadcastChannel; delete window.SharedWorker; delete Navigator.prototype.locks;
     delete window.requestIdleCallback;`,
  ],
];

describe('the page is never blank', () => {
  let workshop: Workshop;

  beforeAll(async () => {
    workshop = await Workshop.open();
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(() => workshop.close());

  /** Signs in, opens each screen, takes an order and reloads the page. */
  async function workADay(desk: Operator): Promise<void> {
    const { page } = desk;
    const price = { amount: '1234.50', currency: 'EUR' };
    const order = await workshop.create({ price, dueAt: new Date(Date.now() + 86_400_000).toISOString() });
    await desk.open('/');
    await desk.signIn({ role: 'admin', name: 'anna' });
    await desk.row(order.id).getByText('in 23 hr').waitFor();
    await desk.live();
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await desk.leave();
    await desk.row(order.id).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'My work' }).click();
    await page.getByRole('link', { name: `Order ${String(order.number)}` }).click();
    await page.getByText('€1,234.50').waitFor();
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await page.locator('.ct-bar').first().waitFor({ state: 'attached' });
    await page.reload();
    await page.getByRole('heading').first().waitFor();
    expect([...desk.complaints]).toEqual([]);
  }

  describe.each(UNUSUAL_BROWSERS)('in a browser %s', (_, options) => {
    let browser: Browser;

    beforeAll(async () => {
      browser = await launchBrowser(options);
    });

    afterAll(() => browser.close());

    it('and works as usual', async () => {
      const desk = await Operator.atDesk(browser, workshop.api.url, { language: 'system' });
      await workADay(desk);
      await desk.close();
    });
  });

  it.each(UNUSUAL_DOCUMENTS)('in a browser %s, and works as usual', async (_, initScript) => {
    await workADay(await workshop.atDesk({ initScript }));
  });

  it('if an order has a currency or a date that no browser knows', async () => {
    const { id } = await workshop.create({ price: { amount: '1234.50', currency: 'EUR' } });
    const desk = await workshop.signedIn();
    await desk.page.route(`**/api/v1/orders/${id}`, async (route) => {
      const response = await route.fetch();
      const order = (await response.json()) as object;
      await route.fulfill({
        response,
        json: { ...order, dueAt: 'soon', price: { amount: '1234.50', currency: 'gold bars' } },
      });
    });
    await desk.open(`/orders/${id}`);
    await desk.page.getByText('1234.50 gold bars').waitFor();
  });

  it('if a screen fails: it says so, and the other screens work', async () => {
    const { id } = await workshop.create();
    const desk = await workshop.signedIn();
    const { page } = desk;
    await page.route(`**/api/v1/orders/${id}`, (route) => route.fulfill({ json: { id } }));
    await desk.open(`/orders/${id}`);
    await page.getByRole('heading', { name: 'Something went wrong' }).waitFor();
    desk.complaints.clear();
    await page.getByRole('link', { name: 'Orders', exact: true }).click();
    await desk.row(id).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Something went wrong' }).waitFor();
    await page.unroute(`**/api/v1/orders/${id}`);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText('Мария Соколова').waitFor();
    desk.complaints.clear();
  });

  it('if the whole page fails, in the language of the page', async () => {
    const desk = await workshop.atDesk({ language: 'ru' });
    await desk.open('/');
    await desk.page.evaluate('String.prototype.toLocaleUpperCase = undefined');
    await desk.page.locator('form').getByRole('button', { name: 'Оператор' }).click();
    await desk.page.getByRole('heading', { name: 'Что-то пошло не так' }).waitFor();
    await desk.page.getByRole('button', { name: 'Обновить страницу' }).click();
    await desk.page.getByRole('heading', { name: 'Новые заказы' }).waitFor();
    desk.complaints.clear();
  });

  it('offline: every screen that was not opened before opens', async () => {
    const { id } = await workshop.create();
    const desk = await workshop.atDesk();
    const { page } = desk;
    const loaded = page.waitForResponse('**/assets/dashboard-page-*.js');
    await desk.open('/');
    await desk.signIn();
    await desk.row(id).waitFor();
    await (await loaded).finished();
    await page.context().setOffline(true);
    await page.getByRole('link', { name: 'My work' }).click();
    await page.getByRole('heading', { name: 'My work' }).waitFor();
    await page.getByText('Couldn’t load the data.').waitFor();
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await page.getByRole('heading', { name: 'Dashboard' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'My work' }).waitFor();
    await page.goBack();
    await desk.row(id).waitFor();
    await page.context().setOffline(false);
    await desk.live();
  });

  it('at an unknown address, which it calls unknown', async () => {
    const { id } = await workshop.create();
    const desk = await workshop.signedIn();
    await desk.open('/nowhere');
    await desk.page.getByRole('heading', { name: 'Page not found' }).waitFor();
    expect(await desk.page.getByRole('grid').count()).toBe(0);
    expect(await desk.page.title()).toBe('Page not found – MES Orders');
    await desk.page.getByRole('link', { name: 'Go to New orders' }).click();
    await desk.row(id).waitFor();
  });

  it('at an address that cannot be read', async () => {
    const desk = await workshop.signedIn();
    await desk.open('/%');
    await desk.page.getByRole('heading', { name: 'Page not found' }).waitFor();
    await desk.open('/orders/%E0%A4%A');
    await desk.page.getByText('Check the address').waitFor();
  });

  it('after Back on an order that was opened by its address', async () => {
    const { id } = await workshop.create();
    const desk = await workshop.signedIn();
    // A new tab has no history.
    const page = await desk.page.context().newPage();
    await page.addInitScript(
      `sessionStorage.setItem('mes.development.choice', '{"role":"operator","name":"operator-1"}');`,
    );
    await page.goto(`${workshop.api.url}/orders/${id}`);
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
  });

  it('if something else answers in place of the API', async () => {
    const desk = await workshop.atDesk();
    await desk.page.route('**/page/settings', (route) => route.fulfill({ body: '<h1>Guest Wi-Fi</h1>' }));
    await desk.open('/');
    await desk.page.getByText('Couldn’t reach the server or the sign-in service.').waitFor();
    await desk.page.unroute('**/page/settings');
    await desk.page.getByRole('button', { name: 'Try again' }).click();
    await desk.page.locator('form').waitFor();
  });
});

describe('a new deployment that removes files of the page', () => {
  let folder: string;
  let api: OrdersApi;
  let workshop: Workshop;

  beforeAll(async () => {
    workshop = await Workshop.open();
  }, OPENING_MS);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mes-page-'));
    await cp(await builtPage(), folder, { recursive: true });
    api = await OrdersApi.start({ databaseUrl: workshop.database.url, pageDirectory: folder });
  });

  afterEach(async () => {
    await api.stop();
    await rm(folder, { recursive: true });
    await workshop.clear();
  });

  afterAll(() => workshop.close());

  async function remove(name: RegExp): Promise<void> {
    const assets = join(folder, 'assets');
    const files = (await readdir(assets)).filter((file) => name.test(file));
    expect(files.length).toBeGreaterThan(0);
    await Promise.all(files.map((file) => rm(join(assets, file))));
  }

  interface Counted {
    readonly desk: Operator;
    /** The number of requests for the document so far. */
    readonly documents: () => number;
    /** The number of documents that the browser has begun to show. */
    readonly shown: () => number;
  }

  /**
   * Opens a browser that counts how often it loads the document. The document may reload itself before it is complete.
   *
   * @param missingAtFirst a pattern of files that only the first document does not find; the page may load files ahead at once
   */
  async function counted(options: OperatorOptions = {}, missingAtFirst?: string): Promise<Counted> {
    const desk = await workshop.atDesk(options);
    let [documents, shown] = [0, 0];
    desk.page.on('request', (request) => {
      if (request.isNavigationRequest()) documents += 1;
    });
    desk.page.on('domcontentloaded', () => {
      shown += 1;
    });
    if (missingAtFirst !== undefined) {
      await desk.page.route(missingAtFirst, (route) =>
        documents === 1
          ? route.fulfill({ status: 404, contentType: 'text/html', body: '<h1>Not found</h1>' })
          : route.continue(),
      );
    }
    await desk.page.goto(api.url, { waitUntil: 'commit' });
    return { desk, documents: () => documents, shown: () => shown };
  }

  it.each([
    ['', undefined],
    [
      ', even without storage',
      `for (const name of ['localStorage', 'sessionStorage']) {
         Object.defineProperty(window, name, { get() { throw new DOMException('Access is denied', 'SecurityError'); } });
       }`,
    ],
  ])('leads to one reload and then to a message, and the rest of the page works%s', async (_, initScript) => {
    await remove(/^my-work-page/);
    const { desk, documents } = await counted(initScript === undefined ? {} : { initScript });
    const { page } = desk;
    await desk.signIn();
    await desk.live();
    const reloaded = page.waitForRequest((request) => request.isNavigationRequest());
    await page.getByRole('link', { name: 'My work' }).click();
    await reloaded;
    // Without storage, the choice of a role does not outlast the reload.
    if (initScript !== undefined) await desk.signIn();
    const failure = page.getByRole('heading', { name: 'Something went wrong' });
    await failure.waitFor();
    expect(documents()).toBe(2);
    await page.getByRole('button', { name: 'Try again' }).click();
    await failure.waitFor();
    expect(documents()).toBe(2);
    await page.getByRole('link', { name: 'Orders', exact: true }).click();
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    desk.complaints.clear();
  });

  it('leads to one reload, which loads the new files', async () => {
    const { desk, documents } = await counted({}, '**/assets/my-work-page-*');
    const { page } = desk;
    await desk.signIn();
    await desk.live();
    await page.getByRole('link', { name: 'My work' }).click();
    await page.getByRole('heading', { name: 'My work' }).waitFor();
    expect(documents()).toBe(2);
    desk.complaints.clear();
  });

  it('leads to one reload and then to a message if the texts in another language are missing, and the page stays in its language', async () => {
    await remove(/^ru-.*\.js/);
    const { desk, documents } = await counted();
    const { page } = desk;
    await desk.signIn();
    const chooseRussian = async (): Promise<void> => {
      await desk.openUserMenu();
      await page.getByRole('menuitemradio', { name: 'Русский' }).click();
    };
    const reloaded = page.waitForRequest((request) => request.isNavigationRequest());
    await chooseRussian();
    await reloaded;
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    await chooseRussian();
    await page.getByText('Part of the page couldn’t be loaded.').waitFor();
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    expect(documents()).toBe(2);
    desk.complaints.clear();
  });

  it('leads to a message, and to no reload by itself, while a step is under way or has gone wrong', async () => {
    await remove(/^(my-work|dashboard)-page/);
    const { id } = await workshop.create();
    const { desk, documents } = await counted();
    const { page } = desk;
    await desk.signIn();
    await desk.live();
    let refuse = (): void => undefined;
    const refused = new Promise<void>((resolve) => (refuse = resolve));
    await page.route('**/api/v1/orders/*/status', async (route) => {
      await refused;
      await route.fulfill({ status: 403, contentType: 'application/problem+json', body: '{"code":"FORBIDDEN"}' });
    });
    await desk.row(id).getByRole('button', { name: 'Take' }).click();
    await page.getByRole('link', { name: 'My work' }).click();
    const failure = page.getByRole('heading', { name: 'Something went wrong' });
    await failure.waitFor();
    refuse();
    const notice = page.locator('.notice', { hasText: 'You don’t have access' });
    await notice.waitFor();
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await failure.waitFor();
    expect(documents()).toBe(1);
    await notice.getByRole('button', { name: 'Close' }).click();
    const reloaded = page.waitForRequest((request) => request.isNavigationRequest());
    await page.getByRole('button', { name: 'Try again' }).click();
    await reloaded;
    desk.complaints.clear();
  });

  it('leads to a message, and not to a reload that the browser could only answer itself, if the server is away', async () => {
    const { desk, documents } = await counted();
    const { page } = desk;
    await desk.signIn();
    await desk.live();
    await page.route('**/*', (route) => route.abort('connectionrefused'));
    const chooseRussian = async (): Promise<void> => {
      await desk.openUserMenu();
      await page.getByRole('menuitemradio', { name: 'Русский' }).click();
    };
    await chooseRussian();
    const notice = page.locator('.notice', { hasText: 'Part of the page couldn’t be loaded.' });
    await notice.waitFor();
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    expect(documents()).toBe(1);
    await page.unroute('**/*');
    await notice.getByRole('button', { name: 'Close' }).click();
    await chooseRussian();
    const russian = page.getByRole('heading', { name: 'Новые заказы' });
    // Some browsers ask again for a part that has failed. Others need a reload, which comes back in the former language.
    await eventually(async () => documents() > 1 || (await russian.count()) > 0);
    if (documents() > 1) {
      await page.waitForFunction(`performance.getEntriesByType('navigation')[0].type === 'reload'`);
      await page.getByRole('heading', { name: 'New orders' }).waitFor();
      await chooseRussian();
    }
    await russian.waitFor();
    desk.complaints.clear();
  });

  it('does not disturb a screen that needs none of them', async () => {
    await remove(/^(my-work|order|dashboard)-page/);
    const { desk, documents } = await counted();
    await desk.signIn();
    await desk.live();
    // The page loads these files ahead, after all others.
    await eventually(() =>
      desk.page.evaluate<boolean>(`performance.getEntriesByType('resource')
        .some(({ name, responseStatus }) => /dashboard-page-.*js$/.test(name) && responseStatus === 404)`),
    );
    await eventually(() => [...desk.complaints].some((text) => /dashboard-page-.*css/.test(text)));
    expect(documents()).toBe(1);
    desk.complaints.clear();
  });

  it.each([
    ['the script', /^first-screen-.*\.js/],
    ['a part of the script', /^rolldown-runtime-.*\.js/],
    ['the style sheet', /^first-screen-.*\.css/],
    ['the texts in its language', /^en-.*\.js/],
  ])('leads to one reload and then to a message if the page itself misses %s', async (_, name) => {
    await remove(name);
    const { desk, documents, shown } = await counted();
    await eventually(() => shown() === 2);
    const message = desk.page.getByText(/The page could not be loaded|Choose a role/);
    await message.waitFor();
    expect(documents()).toBe(2);
    desk.complaints.clear();
  });
});
