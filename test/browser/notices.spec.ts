import type { Locator } from 'playwright-core';
import { OrdersTable } from '../support/orders-table.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** Longer than any notice lasts that nobody looks at, in minutes and seconds. */
const LIFETIME = '00:20';

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
});
