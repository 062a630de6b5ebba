import type { Locator } from 'playwright-core';
import { OrdersTable } from '../support/orders-table.js';
import { insertOrders } from '../support/test-orders.js';
import type { Language, Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** Longer than any notice lasts that nobody looks at, in minutes and seconds. */
const LIFETIME = '00:20';

const LANGUAGES: readonly Language[] = ['en', 'ru'];
const SMALL_SCREENS = [
  { width: 390, height: 844 },
  { width: 640, height: 400 },
  { width: 820, height: 1180 },
];

describe('the notices, in a browser', () => {
  let workshop: Workshop;
  let table: OrdersTable;

  beforeAll(async () => {
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

  async function take(desk: Operator, order: WorkshopOrder): Promise<Locator> {
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    const notice = desk.page.locator('.notice', { hasText: `Order ${String(order.number)} is yours.` });
    await notice.waitFor();
    return notice;
  }

  it('stay in their places when another one appears or replaces one', async () => {
    const order = await workshop.create();
    const desk = await workshop.signedIn({ name: 'anna' });
    const { page } = desk;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = page.locator('.notice', { hasText: 'Link copied.' });
    const copy = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Saved views' }).click();
      await page.getByRole('menuitem', { name: 'Copy link to this view' }).click();
      // A press at once would be the second one of a double click.
      await page.clock.runFor(500);
    };
    // The notices stay for as long as this takes.
    await page.clock.install();
    await page.clock.pauseAt((await page.evaluate<number>('Date.now()')) + 4_000);
    await copy();
    const lowest = await copied.boundingBox();
    const taken = await take(desk, order);
    expect(await copied.boundingBox()).toEqual(lowest);
    const above = await taken.boundingBox();
    const replaced = await copied.elementHandle();
    await copy();
    await replaced.waitForElementState('hidden');
    expect(await copied.boundingBox()).toEqual(lowest);
    expect(await taken.boundingBox()).toEqual(above);
  });

  it('stay while the pointer is over them or the keyboard is in them, and go when nobody is there', async () => {
    const order = await workshop.create();
    const desk = await workshop.signedIn({ name: 'anna' });
    const { page } = desk;
    await page.clock.install();
    await desk.open('/');
    const notice = await take(desk, order);
    await notice.hover();
    await page.clock.fastForward(LIFETIME);
    await desk.painted();
    expect(await notice.count()).toBe(1);
    await notice.getByRole('button', { name: 'Close' }).focus();
    await desk.leave();
    await page.clock.fastForward(LIFETIME);
    await desk.painted();
    expect(await notice.count()).toBe(1);
    await page.getByRole('grid').focus();
    await page.clock.fastForward(LIFETIME);
    await notice.waitFor({ state: 'detached' });
  });

  it('stay until they could be read if the page was hidden meanwhile, as on a phone in a pocket', async () => {
    const order = await workshop.create();
    const desk = await workshop.signedIn({ name: 'anna' });
    const { page } = desk;
    const hide = async (isHidden: boolean): Promise<void> => {
      await page.evaluate(`
        Object.defineProperty(document, 'hidden', { get: () => ${String(isHidden)}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
    };
    await page.clock.install();
    await desk.open('/');
    const notice = await take(desk, order);
    await desk.leave();
    await hide(true);
    await page.clock.fastForward(LIFETIME);
    await hide(false);
    await page.clock.fastForward('00:12');
    await desk.painted();
    expect(await notice.count()).toBe(1);
    await page.clock.fastForward(LIFETIME);
    await notice.waitFor({ state: 'detached' });
  });

  /** Expects that the notices leave a button free. */
  async function expectFree({ page }: Operator, button: Locator): Promise<void> {
    await button.waitFor();
    const [notices, free] = await Promise.all([page.locator('.notices').boundingBox(), button.boundingBox()]);
    if (!notices || !free) throw new Error('nothing is shown');
    const isAbove = notices.y + notices.height <= free.y;
    const isBelow = free.y + free.height <= notices.y;
    expect({ name: await button.innerText(), isFree: isAbove || isBelow }).toMatchObject({ isFree: true });
  }

  it.each(LANGUAGES.flatMap((language) => SMALL_SCREENS.map((viewport) => ({ language, viewport }))))(
    'do not cover the buttons over a list, nor the header, in $language at $viewport.width × $viewport.height',
    async ({ language, viewport }) => {
      await table.query(insertOrders(60));
      const desk = await workshop.signedIn({ name: 'anna', language, viewport });
      const { page } = desk;
      await desk.live();
      const notice = page.locator('.notice');
      await page.locator('.take').first().click();
      await notice.waitFor();
      // As many as possible: the bar is at its largest.
      const { keyboard } = page;
      for (const key of ['End', 'Space', 'Home', 'Shift+Space']) await keyboard.press(key);
      for (const button of await page.locator('.picks button').all()) await expectFree(desk, button);
      for (const link of await page.locator('header nav a').all()) await expectFree(desk, link);

      await desk.open('/board');
      await desk.live();
      const column = page.locator('.board-column').first();
      await column.locator('.board-card').nth(3).waitFor();
      await column.locator('.board-card a').first().press('m');
      await page.locator('dialog .moves button').first().press('Enter');
      await notice.waitFor();
      await column.locator('.board-column-head').hover();
      await workshop.create({ priority: 'URGENT' });
      await expectFree(desk, column.locator('.board-held button'));
      expect(await notice.count()).toBe(1);
    },
  );
});
