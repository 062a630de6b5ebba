import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Locator } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { insertOrders } from '../support/test-orders.js';
import { violations } from './support/accessibility.js';
import { holdResponse } from './support/hold-response.js';
import type { Language, Operator } from './support/operators-page.js';
import { scan } from './support/scan.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

const SCREENSHOTS = resolve('coverage/screenshots');
const LANGUAGES: readonly Language[] = ['en', 'ru'];
const SCREENS = [
  ['a desk', { width: 1280, height: 800 }],
  ['a tablet', { width: 820, height: 1180 }],
  ['a phone', { width: 390, height: 844 }],
] as const;
const PHONE = SCREENS[2][1];
const TARGET = 44;
/** The patience with a button that is there. */
const SOON = { timeout: 10_000 };

describe('the board, in a browser', () => {
  let workshop: Workshop;
  let table: OrdersTable;

  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    workshop = await Workshop.open();
    table = await OrdersTable.connect(workshop.database.url);
  }, OPENING_MS);

  afterEach(async () => {
    await workshop.clear();
    await table.query('DELETE FROM orders');
  });

  afterAll(async () => {
    await table.close();
    await workshop.close();
  });

  function column({ page }: Operator, status: string): Locator {
    return page.locator(`[data-status=${status}]`);
  }

  function card(desk: Operator, status: string, { id }: { readonly id: string }): Locator {
    return column(desk, status).locator(`[id="order-${id}"]`);
  }

  /** The numbers of the orders in a column, from top to bottom. */
  async function numbersIn(desk: Operator, status: string): Promise<number[]> {
    return (await column(desk, status).locator('.board-card a').allInnerTexts()).map(Number);
  }

  async function atBoard(options: Parameters<Workshop['signedIn']>[0] = {}): Promise<Operator> {
    const desk = await workshop.signedIn({ name: 'anna', ...options });
    await desk.open('/board');
    await desk.live();
    await column(desk, 'ON_HOLD').waitFor();
    // The browser reports no movement for the first event after a page was opened.
    await desk.leave();
    return desk;
  }

  async function middleOf(element: Locator): Promise<[x: number, y: number]> {
    const { x, y, width, height } = (await element.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    return [x + width / 2, y + height / 2];
  }

  /** Takes a card with the mouse and holds it over a column. */
  async function carry(desk: Operator, from: Locator, status: string): Promise<void> {
    const { mouse } = desk.page;
    await mouse.move(...(await middleOf(from)));
    await mouse.down();
    await mouse.move(...(await middleOf(column(desk, status))), { steps: 5 });
    await desk.page.locator('.board-ghost').waitFor();
  }

  async function createAt(status: string, order: Record<string, unknown> = {}): Promise<WorkshopOrder> {
    const created = await workshop.create(order);
    for (const next of ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'SHIPPED']) {
      if (status === 'NEW') break;
      await workshop.move(created, next, 'anna');
      if (next === status) break;
    }
    return created;
  }

  it('has a column for each status, with exact counts and the most urgent orders first', async () => {
    const low = await createAt('NEW', { priority: 'LOW' });
    const urgent = await createAt('NEW', { priority: 'URGENT' });
    const packed = await createAt('PACKAGING');
    const desk = await atBoard();
    await card(desk, 'PACKAGING', packed).waitFor();
    await eventually(async () => (await numbersIn(desk, 'NEW')).length === 2);
    expect(await numbersIn(desk, 'NEW')).toEqual([urgent.number, low.number]);
    const heads = await desk.page.locator('.board-column-head').allInnerTexts();
    expect(heads.map((head) => head.replace(/\s+/g, ' ').trim())).toEqual([
      'New 2',
      'In production 0',
      'Manufactured 0',
      'Packaging 1',
      'Shipped 0',
      'On hold 0',
    ]);
  });

  it('follows the orders when nobody is at it, and keeps still under a pointer', async () => {
    const first = await createAt('NEW');
    const desk = await atBoard();
    await card(desk, 'NEW', first).waitFor();
    const second = await workshop.create({ priority: 'URGENT' });
    await card(desk, 'NEW', second).waitFor();

    await card(desk, 'NEW', first).hover();
    const before = await numbersIn(desk, 'NEW');
    await workshop.create({ priority: 'URGENT' });
    await workshop.move(second, 'MANUFACTURING_STARTED', 'boris');
    await column(desk, 'NEW').getByRole('button', { name: '1 more' }).waitFor();
    await card(desk, 'NEW', second).getByText('In production').waitFor();
    expect(await numbersIn(desk, 'NEW')).toEqual(before);
    await card(desk, 'MANUFACTURING_STARTED', second).waitFor();
    await desk.leave();
    await card(desk, 'NEW', second).waitFor({ state: 'detached' });
  });

  it('moves an order by dragging its card, and tells which columns are possible', async () => {
    const order = await createAt('NEW');
    const desk = await atBoard();
    await carry(desk, card(desk, 'NEW', order), 'MANUFACTURING_STARTED');
    await column(desk, 'MANUFACTURING_STARTED').getByText('Drop here').waitFor();
    expect(await column(desk, 'PACKAGING').innerText()).toContain('Not possible');
    await desk.page.mouse.up();
    await card(desk, 'MANUFACTURING_STARTED', order).waitFor();
    await card(desk, 'NEW', order).waitFor({ state: 'detached' });
    await desk.page.locator('.notice-good', { hasText: `Order ${String(order.number)} is yours.` }).waitFor();
    expect(await workshop.order(order)).toMatchObject({ status: 'MANUFACTURING_STARTED', assignee: 'anna' });
  });

  it('puts a card back that is dropped where its order may not go, or when Escape is pressed', async () => {
    const order = await createAt('NEW');
    const desk = await atBoard();
    const sent: string[] = [];
    desk.page.on('request', (request) => {
      if (request.method() === 'PATCH') sent.push(request.url());
    });
    await carry(desk, card(desk, 'NEW', order), 'PACKAGING');
    await desk.page.mouse.up();
    await desk.page.locator('.board-ghost').waitFor({ state: 'detached' });
    await carry(desk, card(desk, 'NEW', order), 'MANUFACTURING_STARTED');
    await desk.page.keyboard.press('Escape');
    await desk.page.locator('.board-ghost').waitFor({ state: 'detached' });
    await desk.page.mouse.up();
    // A card that was not dragged opens its order, so the page is at work and has sent nothing.
    await card(desk, 'NEW', order).getByRole('link').click();
    await desk.page.waitForURL(`**/orders/${order.id}`);
    expect(sent).toEqual([]);
  });

  it('tells the truth when somebody else was faster', async () => {
    const order = await createAt('NEW');
    const desk = await atBoard();
    await carry(desk, card(desk, 'NEW', order), 'MANUFACTURING_STARTED');
    await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
    await card(desk, 'MANUFACTURING_STARTED', order).waitFor();
    await desk.page.mouse.up();
    await desk.page.locator('.notice-bad', { hasText: 'was already taken by boris' }).waitFor();
    expect(await desk.page.locator('.notice-good').count()).toBe(0);
  });

  it('asks for what a pause needs when a card is dropped on it', async () => {
    const order = await createAt('MANUFACTURING_STARTED');
    const desk = await atBoard();
    await carry(desk, card(desk, 'MANUFACTURING_STARTED', order), 'ON_HOLD');
    await desk.page.mouse.up();
    const dialog = desk.page.getByRole('dialog', { name: `Order ${String(order.number)}` });
    await dialog.getByRole('button', { name: 'Put on hold' }).waitFor();
    expect((await workshop.order(order)).status).toBe('MANUFACTURING_STARTED');
    // The dialog shows the steps of the order as it is, whoever has moved it.
    await workshop.move(order, 'MANUFACTURING_COMPLETED', 'boris');
    await dialog.getByRole('button', { name: 'Put on hold' }).waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Send to packaging' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await workshop.order(order)).status).toBe('PACKAGING');
  });

  it('closes the dialog of a step that was made, also without events', async () => {
    const order = await createAt('NEW');
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.page.route('**/api/v1/events', (route) => route.abort());
    await desk.open('/board');
    await desk.page.locator('.live-lost').waitFor();
    await card(desk, 'NEW', order).getByRole('button', { name: 'Move' }).click();
    const dialog = desk.page.getByRole('dialog', { name: `Order ${String(order.number)}` });
    await dialog.getByRole('button', { name: 'Take order' }).click();
    await desk.page.locator('.notice-good', { hasText: `Order ${String(order.number)} is yours.` }).waitFor();
    await dialog.waitFor({ state: 'detached' });
  });

  it('closes the dialog of a step that somebody else has overtaken', async () => {
    const order = await createAt('NEW');
    const desk = await atBoard();
    await desk.page.route('**/api/v1/orders/*/status', async (route) => {
      await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
      await route.continue();
    });
    await card(desk, 'NEW', order).getByRole('button', { name: 'Move' }).click();
    const dialog = desk.page.getByRole('dialog', { name: `Order ${String(order.number)}` });
    await dialog.getByRole('button', { name: 'Take order' }).click();
    await desk.page.locator('.notice-bad', { hasText: 'was already taken by boris' }).waitFor();
    await dialog.waitFor({ state: 'detached' });
  });

  it('works with the keyboard alone', async () => {
    const orders = [await createAt('NEW'), await createAt('NEW')];
    const started = await createAt('MANUFACTURING_STARTED');
    const desk = await atBoard();
    const { keyboard } = desk.page;
    const [first, second] = orders as [WorkshopOrder, WorkshopOrder];
    await card(desk, 'NEW', second).waitFor();
    await card(desk, 'MANUFACTURING_STARTED', started).waitFor();
    const focused = (): Promise<string> =>
      desk.page.evaluate<string>(`document.activeElement.closest('.board-card')?.id ?? ''`);
    const link = card(desk, 'NEW', first).getByRole('link');
    await eventually(async () => {
      await keyboard.press('Tab');
      return (await focused()) === `order-${first.id}`;
    });
    expect(await link.getAttribute('tabindex')).toBe('0');
    await keyboard.press('ArrowDown');
    expect(await focused()).toBe(`order-${second.id}`);
    await keyboard.press('ArrowRight');
    expect(await focused()).toBe(`order-${started.id}`);
    await keyboard.press('ArrowLeft');
    expect(await focused()).toBe(`order-${second.id}`);
    await keyboard.press('m');
    const dialog = desk.page.getByRole('dialog', { name: `Order ${String(second.number)}` });
    await dialog.getByRole('button', { name: 'Take order' }).press('Enter');
    await card(desk, 'MANUFACTURING_STARTED', second).waitFor();
    await dialog.waitFor({ state: 'detached' });
    expect((await workshop.order(first)).status).toBe('NEW');
  });

  it('does nothing to a card with the focus that is out of sight, and shows it', async () => {
    await table.query(insertOrders(40));
    const desk = await atBoard();
    const { page } = desk;
    const cards = column(desk, 'NEW').locator('.board-cards');
    const top = (): Promise<number> => cards.evaluate((list: { scrollTop: number }) => list.scrollTop);
    await cards.locator('a').first().focus();
    for (const key of ['m', 'Enter']) {
      await cards.evaluate((list: { scrollTop: number }) => {
        list.scrollTop = 1e6;
      });
      expect(await top()).toBeGreaterThan(1_000);
      await page.keyboard.press(key);
      await eventually(async () => (await top()) < 10);
      expect(await page.getByRole('dialog').count()).toBe(0);
    }
    await page.keyboard.press('m');
    await page.getByRole('dialog').waitFor();
  });

  it('tells in the open dialog what has failed, and there it can be tried again', async () => {
    const order = await createAt('NEW');
    const desk = await atBoard();
    const { page } = desk;
    const overloaded = { status: 503, contentType: 'application/problem+json', body: '{"code":"OVERLOADED"}' };
    await page.route('**/status', (route) => route.fulfill(overloaded), { times: 1 });
    await card(desk, 'NEW', order).locator('a').press('m');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Take order' }).press('Enter');
    const notice = page.locator('.notice-bad');
    await notice.waitFor();
    await scan(page, '99887766');
    await page.locator('.notice', { hasText: '99887766' }).getByRole('button', { name: 'Close' }).click(SOON);
    await notice.getByRole('button', { name: 'Try again' }).click(SOON);
    await page.locator('.notice-good', { hasText: 'is yours' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.notice-good').getByRole('button', { name: 'Close' }).click(SOON);
  });

  it('loads more cards when a column is scrolled', async () => {
    await table.query(insertOrders(120));
    const desk = await atBoard();
    await column(desk, 'NEW').locator('.board-card').nth(49).waitFor();
    expect(await column(desk, 'NEW').locator('.board-count').innerText()).toBe('120');
    expect(await column(desk, 'NEW').locator('.board-card').count()).toBe(50);
    await column(desk, 'NEW').locator('.board-card').nth(49).scrollIntoViewIfNeeded();
    await column(desk, 'NEW').locator('.board-card').nth(119).waitFor();
  });

  it('is scrolled as before when the user comes back from an order', async () => {
    await table.query(insertOrders(40));
    const desk = await atBoard({ viewport: { width: 820, height: 800 } });
    const { page } = desk;
    await column(desk, 'NEW').locator('.board-card').nth(39).waitFor();
    const offsets = (): Promise<unknown> =>
      page.evaluate(`[
        document.querySelector('.board-columns').scrollLeft,
        document.querySelector('[data-status=NEW] .board-cards').scrollTop,
      ]`);
    await page.evaluate(`
      document.querySelector('.board-columns').scrollLeft = 120;
      document.querySelector('[data-status=NEW] .board-cards').scrollTop = 900;
    `);
    await desk.painted();
    // The board stops only where a column begins.
    const before = await offsets();
    expect(before).not.toContain(0);
    await page.evaluate(`document.querySelector('[data-status=NEW] .board-card:nth-child(20) a').click()`);
    await page.waitForURL('**/orders/*');
    await page.goBack();
    await column(desk, 'NEW').locator('.board-card').nth(39).waitFor();
    await desk.painted();
    expect(await offsets()).toEqual(before);
  });

  it('loads more cards when a column is scrolled to its end while it is refreshed', async () => {
    await table.query(insertOrders(120));
    const desk = await atBoard();
    const { page } = desk;
    await column(desk, 'NEW').locator('.board-card').nth(49).waitFor();
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    const lists = '**/api/v1/orders?*status=NEW*';
    await page.route(lists, async (route) => {
      await held;
      await route.continue();
    });
    const refreshing = page.waitForRequest(lists);
    await workshop.create();
    await refreshing;
    await column(desk, 'NEW').locator('.board-card').nth(49).scrollIntoViewIfNeeded();
    await desk.painted();
    answer();
    await column(desk, 'NEW').locator('.board-card').nth(119).waitFor();
  });

  it('gives the focus to the first card that is shown on request', async () => {
    const first = await createAt('NEW');
    const desk = await atBoard();
    await card(desk, 'NEW', first).hover();
    const arrival = await workshop.create({ priority: 'URGENT' });
    await column(desk, 'NEW').getByRole('button', { name: '1 more' }).press('Enter');
    await card(desk, 'NEW', arrival).waitFor();
    await eventually(
      async () =>
        (await desk.page.evaluate(`document.activeElement.closest('.board-card')?.id`)) === `order-${arrival.id}`,
    );
  });

  it('keeps still when somebody else moves an order on that the user has moved before', async () => {
    const order = await createAt('NEW');
    const manufactured = await createAt('MANUFACTURING_COMPLETED');
    const desk = await atBoard();
    await carry(desk, card(desk, 'NEW', order), 'MANUFACTURING_STARTED');
    await desk.page.mouse.up();
    await card(desk, 'MANUFACTURING_STARTED', order).waitFor();
    await card(desk, 'MANUFACTURING_COMPLETED', manufactured).hover();
    await workshop.move(order, 'MANUFACTURING_COMPLETED', 'boris');
    await card(desk, 'MANUFACTURING_STARTED', order).waitFor({ state: 'detached' });
    await column(desk, 'MANUFACTURING_COMPLETED').getByRole('button', { name: '1 more' }).waitFor();
    expect(await numbersIn(desk, 'MANUFACTURING_COMPLETED')).toEqual([manufactured.number]);
  });

  it.each(LANGUAGES)('moves no card when an order leaves the column of a pointer, in %s', async (language) => {
    const orders = [await createAt('NEW'), await createAt('NEW'), await createAt('NEW')] as const;
    const desk = await atBoard({ language });
    const cards = orders.map((order) => card(desk, 'NEW', order));
    await cards[2]?.hover();
    const places = (): Promise<unknown> => Promise.all(cards.map((one) => one.boundingBox()));
    const before = await places();
    await workshop.move(orders[0], 'MANUFACTURING_STARTED');
    await column(desk, 'NEW').locator('.departing').waitFor();
    await workshop.move(orders[0], 'MANUFACTURING_COMPLETED');
    await eventually(async () => /Manufactured|Изготовлен/.test((await cards[0]?.innerText()) ?? ''));
    expect(await places()).toEqual(before);
  });

  it.each(LANGUAGES)('moves no card when its neighbours get other facts, in %s', async (language) => {
    const facts = [
      { priority: 'URGENT' },
      { dueAt: '2098-12-31T20:00:00Z' },
      { priority: 'HIGH', dueAt: '2099-12-31T20:00:00Z', assignee: 'konstantina-konstantinopolskaya' },
      { dueAt: null, assignee: 'boris' },
    ];
    const names = ['A ring', 'A ring that has a very long name', 'A brooch'];
    const orders = await Promise.all(names.map((name) => createAt('MANUFACTURING_STARTED', { product: { name } })));
    const desk = await atBoard({ language });
    const cards = column(desk, 'MANUFACTURING_STARTED').locator('.board-card');
    await cards.nth(2).hover();
    const [highest] = await numbersIn(desk, 'MANUFACTURING_STARTED');
    const changed = orders.find(({ number }) => number === highest) ?? { id: '' };
    const places = async (): Promise<unknown> => Promise.all((await cards.all()).map((one) => one.boundingBox()));
    const before = await places();
    for (const fact of facts) {
      const shown = await cards.first().innerHTML();
      await workshop.change(changed, fact);
      await eventually(async () => (await cards.first().innerHTML()) !== shown);
      expect(await places()).toEqual(before);
    }
  });

  it('refuses a step that the user may not make', async () => {
    const order = await createAt('MANUFACTURING_STARTED');
    const desk = await atBoard({ name: 'boris' });
    await carry(desk, card(desk, 'MANUFACTURING_STARTED', order), 'NEW');
    await column(desk, 'NEW').getByText('Not possible').waitFor();
    await desk.page.keyboard.press('Escape');
    await desk.page.mouse.up();
  });

  it('moves an order with a finger that stays on its card, and scrolls with one that does not', async () => {
    const order = await createAt('NEW');
    const desk = await atBoard({ touch: true });
    const session = await desk.page.context().newCDPSession(desk.page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', point?: [number, number]): Promise<unknown> =>
      session.send('Input.dispatchTouchEvent', { type, touchPoints: point ? [{ x: point[0], y: point[1] }] : [] });
    const from = await middleOf(card(desk, 'NEW', order));
    const to = await middleOf(column(desk, 'MANUFACTURING_STARTED'));

    // By the clock of the page, the finger moves a moment after it has come, and stays where it is then.
    await desk.page.clock.install();
    await desk.page.clock.pauseAt((await desk.page.evaluate<number>('Date.now()')) + 4_000);
    await touch('touchStart', from);
    await desk.page.clock.runFor(100);
    for (let step = 1; step <= 5; step += 1) await touch('touchMove', [from[0] + step * 20, from[1]]);
    await desk.page.clock.runFor(1_000);
    expect(await desk.page.locator('.board-ghost').count()).toBe(0);
    await touch('touchEnd');
    await desk.page.clock.resume();

    // A browser that is busy scrolls without asking the page.
    await eventually(async () => {
      await touch('touchStart', from);
      await desk.page.locator('.board-ghost').waitFor();
      for (let step = 1; step <= 5; step += 1) {
        await touch('touchMove', [from[0] + ((to[0] - from[0]) * step) / 5, from[1] + ((to[1] - from[1]) * step) / 5]);
      }
      await desk.painted();
      const isOver = await column(desk, 'MANUFACTURING_STARTED').and(desk.page.locator('.over')).count();
      await touch('touchEnd');
      return isOver > 0;
    });
    await card(desk, 'MANUFACTURING_STARTED', order).waitFor();
    expect((await workshop.order(order)).status).toBe('MANUFACTURING_STARTED');
  });

  it('is what the device starts with if it has shown it last', async () => {
    const order = await createAt('NEW');
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.row(order.id).waitFor();
    await desk.page.getByRole('link', { name: 'Board', exact: true }).click();
    await card(desk, 'NEW', order).waitFor();
    await desk.open('/');
    await card(desk, 'NEW', order).waitFor();
    expect(new URL(desk.page.url()).pathname).toBe('/board');
    // Partners have no board.
    await desk.openUserMenu();
    await desk.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await desk.signIn({ role: 'partner' });
    await desk.open('/');
    await desk.page.getByRole('grid').waitFor();
    await desk.openUserMenu();
    await desk.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await desk.signIn({ name: 'anna' });
    // The address of a list shows the list.
    await desk.open('/?priority=NORMAL');
    await desk.page.getByRole('grid').waitFor();
    await desk.page.getByRole('link', { name: 'Board', exact: true }).click();
    await desk.page.getByRole('link', { name: 'List', exact: true }).click();
    await desk.page.getByRole('grid').waitFor();
    await desk.open('/');
    await desk.page.getByRole('grid').waitFor();
  });

  it.each(['/board', '/?sort=dueAt'])(
    'has room for its controls on a screen that is magnified four times, at %s',
    async (at) => {
      const desk = await workshop.signedIn({ name: 'anna', language: 'ru', viewport: { width: 320, height: 256 } });
      await desk.open(at);
      const [above, below] = [desk.page.locator('.list-or-board'), desk.page.locator('.filters-toggle')];
      await above.waitFor();
      const [first, second] = [await above.boundingBox(), await below.boundingBox()];
      expect(second?.y).toBeGreaterThanOrEqual((first?.y ?? 0) + (first?.height ?? 0));
      for (const button of await desk.page.locator('main [aria-haspopup=menu]').all()) {
        await button.click();
        for (const shown of [button, desk.page.getByRole('menu')]) {
          const { x, width } = (await shown.boundingBox()) ?? { x: 0, width: 0 };
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x + width).toBeLessThanOrEqual(320);
        }
        await desk.page.keyboard.press('Escape');
      }
    },
  );

  it('lets viewers look, but not move orders', async () => {
    const order = await createAt('NEW');
    const desk = await atBoard({ role: 'viewer' });
    await card(desk, 'NEW', order).waitFor();
    expect(await card(desk, 'NEW', order).getByRole('button').count()).toBe(0);
    await desk.page.mouse.move(...(await middleOf(card(desk, 'NEW', order))));
    await desk.page.mouse.down();
    await desk.page.mouse.move(...(await middleOf(column(desk, 'MANUFACTURING_STARTED'))), { steps: 5 });
    expect(await desk.page.locator('.board-ghost').count()).toBe(0);
    await desk.page.mouse.up();
  });

  describe('with filters', () => {
    /** The names and the numbers at the tops of the columns. */
    async function heads({ page }: Operator): Promise<string[]> {
      const texts = await page.locator('.board-column-head').allInnerTexts();
      return texts.map((head) => head.replace(/\s+/g, ' ').trim());
    }

    function searchOf({ page }: Operator): string {
      return new URL(page.url()).search;
    }

    /** The requests for lists and for numbers of orders from now on. */
    function requestsFrom({ page }: Operator): Set<string> {
      const asked = new Set<string>();
      page.on('request', (request) => {
        const { pathname, search } = new URL(request.url());
        if (/\/(orders|orders\/count|dashboard\/statuses)$/.test(pathname)) {
          asked.add(pathname.replace('/api/v1', '') + search);
        }
      });
      return asked;
    }

    it('shows and counts what fits them, and Back undoes each', async () => {
      const wanted = await createAt('NEW', { priority: 'HIGH', material: 'Platinum 950' });
      const gold = await createAt('NEW', { priority: 'HIGH' });
      const packed = await createAt('PACKAGING', { priority: 'HIGH', customer: { id: 'C-2', name: 'Pavel' } });
      const low = await createAt('PACKAGING', { priority: 'LOW' });
      const desk = await atBoard();
      const { page } = desk;
      await card(desk, 'PACKAGING', low).waitFor();
      const all = ['New 2', 'In production 0', 'Manufactured 0', 'Packaging 2', 'Shipped 0', 'On hold 0'];
      await eventually(async () => String(await heads(desk)) === String(all));

      await page.getByRole('checkbox', { name: 'High' }).check();
      await card(desk, 'PACKAGING', low).waitFor({ state: 'detached' });
      await eventually(async () => String(await heads(desk)) === String(all).replace('Packaging 2', 'Packaging 1'));
      await page.getByLabel('Material').fill('Platinum 950');
      await card(desk, 'NEW', gold).waitFor({ state: 'detached' });
      await card(desk, 'PACKAGING', packed).waitFor({ state: 'detached' });
      await card(desk, 'NEW', wanted).waitFor();
      await column(desk, 'PACKAGING').getByText('No matching orders').waitFor();
      expect(searchOf(desk)).toBe('?priority=HIGH&material=Platinum+950');

      const colleague = await workshop.signedIn({ name: 'boris' });
      await colleague.open(`/board${searchOf(desk)}`);
      await card(colleague, 'NEW', wanted).waitFor();
      expect(await colleague.page.locator('.board-card').count()).toBe(1);
      await colleague.page.getByRole('button', { name: 'Clear filters' }).click();
      await card(colleague, 'PACKAGING', low).waitFor();
      await colleague.page.getByRole('searchbox').fill('pavel');
      await card(colleague, 'NEW', wanted).waitFor({ state: 'detached' });
      await card(colleague, 'PACKAGING', packed).waitFor();

      await page.goBack();
      await card(desk, 'PACKAGING', packed).waitFor();
      expect(searchOf(desk)).toBe('?priority=HIGH');
      await page.goBack();
      await card(desk, 'PACKAGING', low).waitFor();
      await eventually(async () => String(await heads(desk)) === String(all));
    });

    it('counts orders exactly that are not loaded', async () => {
      await table.query(insertOrders(120));
      await createAt('NEW', { priority: 'HIGH' });
      const desk = await atBoard();
      const count = column(desk, 'NEW').locator('.board-count');
      await desk.page.getByRole('searchbox').fill('anna');
      await eventually(async () => (await count.innerText()) === '120');
      expect(await column(desk, 'NEW').locator('.board-card').count()).toBe(50);
      await desk.page.getByRole('checkbox', { name: 'Normal' }).check();
      await desk.page.getByRole('searchbox').fill('');
      await desk.page.waitForURL('**/board?priority=NORMAL');
      await eventually(async () => (await count.innerText()) === '120');
    });

    it('says so if the API does not count further', async () => {
      await table.query(insertOrders(10_050));
      const desk = await atBoard();
      await desk.page.getByLabel('Material').fill('Gold 585');
      const count = column(desk, 'NEW').locator('.board-count');
      await eventually(async () => (await count.innerText()) === '10,000+');
      await desk.page.getByRole('button', { name: 'Clear filters' }).click();
      await eventually(async () => (await count.innerText()) === '10,050');
    });

    it('asks for what the columns show, and for no more', async () => {
      const order = await createAt('NEW', { priority: 'HIGH' });
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.live();
      const list = (status: string, filter = ''): string =>
        `/orders?status=${status}${filter}${status === 'SHIPPED' ? '' : '&sort=-priority'}`;
      const statuses = ['NEW', 'MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'SHIPPED', 'ON_HOLD'];
      const askedAt = async (address: string): Promise<string[]> => {
        await desk.page.goto('about:blank');
        const asked = requestsFrom(desk);
        await desk.open(address);
        await desk.live();
        await card(desk, 'NEW', order).waitFor();
        await eventually(async () => (await heads(desk)).every((head) => /\d$/.test(head)));
        return [...asked].sort();
      };
      expect(await askedAt('/board')).toEqual(
        ['/dashboard/statuses', ...statuses.map((status) => list(status))].sort(),
      );
      expect(await askedAt('/board?priority=HIGH')).toEqual(
        statuses.map((status) => list(status, '&priority=HIGH')).sort(),
      );
    });

    it('keeps them when the list is shown instead, and the order of the list as well', async () => {
      const high = await createAt('NEW', { priority: 'HIGH' });
      const normal = await createAt('NEW');
      const desk = await workshop.signedIn({ name: 'anna' });
      const { page } = desk;
      await desk.open('/?sort=dueAt');
      await desk.row(normal.id).waitFor();
      await page.getByRole('checkbox', { name: 'High' }).check();
      await desk.row(normal.id).waitFor({ state: 'detached' });
      await page.getByRole('link', { name: 'Board', exact: true }).click();
      await column(desk, 'NEW').waitFor();
      await card(desk, 'NEW', high).waitFor();
      expect(await page.getByRole('checkbox', { name: 'High' }).isChecked()).toBe(true);
      expect(await card(desk, 'NEW', normal).count()).toBe(0);
      await page.getByRole('checkbox', { name: 'Normal' }).check();
      await card(desk, 'NEW', normal).waitFor();
      await page.getByRole('link', { name: 'List', exact: true }).click();
      await page.getByRole('grid').waitFor();
      expect(searchOf(desk)).toBe('?priority=HIGH&priority=NORMAL&sort=dueAt');
      // The main menu shows all orders, without leaving the board.
      await page.getByRole('link', { name: 'Board', exact: true }).click();
      await column(desk, 'NEW').waitFor();
      await page.getByRole('link', { name: 'Orders', exact: true }).click();
      await page.waitForURL('**/board');
      expect(await page.getByRole('checkbox', { name: 'High' }).isChecked()).toBe(false);
    });

    it('shows as overdue what is late, and counts it', async () => {
      const [late, soon, started] = [
        await createAt('NEW'),
        await createAt('NEW'),
        await createAt('MANUFACTURING_STARTED'),
      ];
      for (const [order, seconds] of [
        [late, -60],
        [soon, 120],
        [started, -60],
      ] as const) {
        await table.query(`UPDATE orders SET due_at = now() + $1 * interval '1 second' WHERE id = $2`, [
          seconds,
          order.id,
        ]);
      }
      const desk = await workshop.signedIn({ name: 'anna' });
      // Only the clock of the page can be moved, so the page must not hear of the other one.
      await desk.page.route('**/api/v1/events', (route) => route.abort());
      await desk.page.route(/\/api\/v1\/(orders|dashboard)/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, headers: { ...response.headers(), date: '' } });
      });
      await desk.page.clock.install();
      await desk.open('/board?due=overdue');
      await card(desk, 'NEW', late).waitFor();
      await card(desk, 'MANUFACTURING_STARTED', started).waitFor();
      expect(await card(desk, 'NEW', soon).count()).toBe(0);
      expect((await heads(desk)).slice(0, 2)).toEqual(['New 1', 'In production 1']);
      await desk.page.clock.fastForward(180_000);
      await card(desk, 'NEW', soon).waitFor();
      await eventually(async () => (await heads(desk))[0] === 'New 2');
    });

    it('never shows a finished order as late, asks for none, and counts none', async () => {
      const [late, shipped] = [await createAt('PACKAGING'), await createAt('SHIPPED')];
      await table.query(`UPDATE orders SET due_at = now() - interval '1 day'`);
      const desk = await atBoard();
      await card(desk, 'PACKAGING', late).locator('.due.late').waitFor();
      const due = card(desk, 'SHIPPED', shipped).locator('.due');
      expect(await due.innerText()).not.toMatch(/late|in /);
      for (const filter of ['overdue', 'day']) {
        await desk.page.goto('about:blank');
        const asked = requestsFrom(desk);
        await desk.open(`/board?due=${filter}`);
        await desk.live();
        await card(desk, 'PACKAGING', late).waitFor();
        await eventually(async () => (await heads(desk)).every((head) => /\d$/.test(head)));
        expect((await heads(desk)).slice(3, 5)).toEqual(['Packaging 1', 'Shipped 0']);
        expect(await column(desk, 'SHIPPED').innerText()).toContain('No matching orders');
        expect([...asked].filter((request) => request.includes('SHIPPED'))).toEqual([]);
      }
      await desk.page.getByRole('combobox', { name: 'Due' }).selectOption('week');
      await card(desk, 'SHIPPED', shipped).waitFor();
    });

    it('keeps still under a pointer when an order does not fit them any more', async () => {
      const order = await createAt('NEW', { priority: 'HIGH' });
      const other = await createAt('MANUFACTURING_STARTED', { priority: 'HIGH' });
      const desk = await atBoard();
      await desk.page.getByRole('checkbox', { name: 'High' }).check();
      await desk.page.waitForURL('**/board?priority=HIGH');
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      await card(desk, 'MANUFACTURING_STARTED', order).waitFor();
      await desk.leave();
      await card(desk, 'MANUFACTURING_STARTED', other).hover();
      const before = await numbersIn(desk, 'MANUFACTURING_STARTED');
      await workshop.change(order, { priority: 'LOW' });
      await card(desk, 'MANUFACTURING_STARTED', order).getByText('No longer in this list').waitFor();
      expect(await numbersIn(desk, 'MANUFACTURING_STARTED')).toEqual(before);
      await eventually(async () => (await heads(desk))[1] === 'In production 1');
      await desk.leave();
      await card(desk, 'MANUFACTURING_STARTED', order).waitFor({ state: 'detached' });
    });

    it('shows what has happened while the filtered orders were loading', async () => {
      const order = await createAt('NEW', { priority: 'HIGH' });
      const desk = await atBoard();
      const { page } = desk;
      await card(desk, 'NEW', order).waitFor();
      // The first answer is older than the step, and comes after its event.
      const first = await holdResponse(page, '**/api/v1/orders?status=MANUFACTURING_STARTED&priority=HIGH*');
      await page.getByRole('checkbox', { name: 'High' }).check();
      await first.answered;
      await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
      await card(desk, 'NEW', order).waitFor({ state: 'detached' });
      first.release();
      await card(desk, 'MANUFACTURING_STARTED', order).waitFor();
    });

    it('shows other orders from the top', async () => {
      await table.query(insertOrders(120));
      const desk = await atBoard();
      const cards = column(desk, 'NEW').locator('.board-cards');
      const top = (): Promise<number> => cards.evaluate((list: { scrollTop: number }) => list.scrollTop);
      await cards.locator('.board-card').nth(40).scrollIntoViewIfNeeded();
      await eventually(async () => (await top()) > 0);
      await desk.page.getByRole('checkbox', { name: 'Normal' }).check();
      await eventually(async () => (await top()) === 0);
      await eventually(async () => (await cards.locator('.board-card').count()) >= 50);
    });

    it('folds them on a phone', async () => {
      const high = await createAt('NEW', { priority: 'HIGH' });
      const normal = await createAt('NEW');
      const desk = await atBoard({ viewport: PHONE, touch: true });
      const { page } = desk;
      await card(desk, 'NEW', normal).waitFor();
      const search = page.getByRole('searchbox');
      expect(await search.isVisible()).toBe(false);
      await page.getByRole('button', { name: 'Filters', exact: true }).tap();
      await page.getByRole('checkbox', { name: 'High' }).tap();
      await page.getByRole('button', { name: 'Show orders' }).tap();
      await page.getByRole('button', { name: 'Filters (1)' }).waitFor();
      await card(desk, 'NEW', normal).waitFor({ state: 'detached' });
      expect(await card(desk, 'NEW', high).count()).toBe(1);
      expect(await search.isVisible()).toBe(false);
    });

    it('has room for large numbers at the tops of the columns', async () => {
      await table.query(insertOrders(1_234));
      await table.query(`UPDATE orders SET status = 'MANUFACTURING_STARTED', assignee = 'anna'`);
      const desk = await atBoard({ language: 'ru' });
      const count = column(desk, 'MANUFACTURING_STARTED').locator('.board-count');
      await eventually(async () => /^1\s234$/.test(await count.innerText()));
      const [inner, outer] = [await count.boundingBox(), await column(desk, 'MANUFACTURING_STARTED').boundingBox()];
      expect((inner?.x ?? 0) + (inner?.width ?? 0)).toBeLessThan((outer?.x ?? 0) + (outer?.width ?? 0));
      expect(inner?.height).toBeLessThan(TARGET);
    });

    it('opens saved views where it is, and shares them', async () => {
      const high = await createAt('NEW', { priority: 'HIGH' });
      const low = await createAt('PACKAGING', { priority: 'LOW' });
      const desk = await workshop.signedIn({ name: 'anna' });
      const { page } = desk;
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      const choose = async (role: 'menuitem' | 'menuitemradio', name: string): Promise<void> => {
        await page.getByRole('button', { name: 'Saved views' }).click();
        await page.getByRole(role, { name }).click();
      };
      await desk.open('/board?priority=LOW');
      await card(desk, 'PACKAGING', low).waitFor();
      expect(await card(desk, 'NEW', high).count()).toBe(0);
      await choose('menuitem', 'Save or edit views…');
      await page.getByLabel('Save current view as').fill('Low');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await card(desk, 'NEW', high).waitFor();
      await choose('menuitemradio', 'Low');
      await page.waitForURL('**/board?priority=LOW');
      await page.keyboard.press('Escape');
      await card(desk, 'NEW', high).waitFor({ state: 'detached' });
      await choose('menuitem', 'Copy link to this view');
      await page.getByText('Link copied.').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`${workshop.api.url}/board?priority=LOW`);
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await page.waitForURL('**/board');

      await page.getByRole('link', { name: 'List', exact: true }).click();
      await desk.row(high.id).waitFor();
      await choose('menuitemradio', 'Low');
      await page.waitForURL('**/?priority=LOW');
      await desk.row(high.id).waitFor({ state: 'detached' });
    });

    it('suggests the materials of the orders that were loaded', async () => {
      await createAt('PACKAGING', { material: 'Silver 925' });
      await createAt('NEW', { material: 'Platinum 950' });
      const desk = await atBoard();
      await eventually(async () => (await desk.page.locator('.board-card').count()) === 2);
      await desk.page.getByLabel('Material').focus();
      const suggested = desk.page.locator('datalist option');
      await eventually(async () => (await suggested.count()) === 2);
      const values = await suggested.evaluateAll((all) =>
        all.map((one) => (one as unknown as { value: string }).value),
      );
      expect(values).toEqual(['Platinum 950', 'Silver 925']);
    });
  });

  describe.each(LANGUAGES)('in %s', (language) => {
    it.each(SCREENS)('fits %s', async (name, viewport) => {
      const order = await createAt('NEW', {
        priority: 'URGENT',
        quantity: 150,
        dueAt: new Date(Date.now() + 86_400_000).toISOString(),
        product: { name: 'Wedding band with an engraving inside and outside, polished' },
      });
      for (const status of ['NEW', 'MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING']) {
        await createAt(status, { priority: 'HIGH' });
        await createAt(status);
      }
      const desk = await atBoard({ language, viewport, touch: viewport === PHONE, name: 'anna-of-the-second-shift' });
      const { page } = desk;
      await card(desk, 'NEW', order).waitFor();
      await eventually(async () => (await page.locator('.board-card').count()) === 9);
      const look = async (screen: string): Promise<void> => {
        await page.screenshot({ path: resolve(SCREENSHOTS, `${screen}-${language}-${String(viewport.width)}.png`) });
        expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
        expect({ name, screen, found: await violations(page) }).toEqual({ name, screen, found: [] });
      };
      const measureTargets = async (): Promise<void> => {
        for (const target of await page.locator('main a:visible, main button:visible, main select:visible').all()) {
          const { width, height } = (await target.boundingBox()) ?? { width: 0, height: 0 };
          expect(Math.min(width, height)).toBeGreaterThanOrEqual(TARGET);
        }
      };
      const top = async (): Promise<number | undefined> => (await page.locator('.board-columns').boundingBox())?.y;
      const topWithoutFilters = await top();
      await look('board');
      await measureTargets();
      if (viewport === PHONE) {
        await page.locator('.filters-toggle').click();
        await look('board-filters');
        await measureTargets();
        await page.keyboard.press('Escape');
      }
      await desk.open('/board?priority=HIGH&q=Signet');
      await eventually(async () => (await page.locator('.board-card').count()) === 4);
      await look('board-filtered');
      expect(await top()).toBe(topWithoutFilters);
      await desk.open('/board');
      await card(desk, 'NEW', order).getByRole('button').click();
      await page.getByRole('dialog').waitFor();
      await look('board-move');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      if (viewport === PHONE) return;
      await carry(desk, card(desk, 'NEW', order), 'MANUFACTURING_STARTED');
      await look('board-drag');
      await page.keyboard.press('Escape');
      await page.mouse.up();
    });
  });
});
