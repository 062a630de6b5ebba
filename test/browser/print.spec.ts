import type { Page } from 'playwright-core';
import { OrdersTable } from '../support/orders-table.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** The bars of 3281 in Code 128, by ISO/IEC 15417: start C, 32, 81, the check character 93, stop. */
const BARS_OF_3281 = '11010011100' + '11000110110' + '10010111100' + '10100011110' + '1100011101011';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('printing, in a browser', () => {
  let workshop: Workshop;
  let table: OrdersTable;
  let order: WorkshopOrder;

  beforeAll(async () => {
    workshop = await Workshop.open();
    table = await OrdersTable.connect(workshop.database.url);
    order = await workshop.create({ comment: 'Engrave M. S.', quantity: 12 });
    await table.query('UPDATE orders SET number = 3281 WHERE id = $1', [order.id]);
    for (let i = 0; i < 30; i += 1) await workshop.create();
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(async () => {
    await table.close();
    await workshop.close();
  });

  /** The visible text, without that of hidden elements. */
  function visibleText(page: Page): Promise<string> {
    return page.locator('body').innerText();
  }

  it('prints an order as a job sheet with its number as a barcode, and nothing else', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    await desk.open(`/orders/${order.id}`);
    await page.getByRole('button', { name: 'Print job sheet' }).waitFor();
    expect(await page.locator('.job-sheet').count()).toBe(0);
    await page.emulateMedia({ media: 'print' });
    await page.locator('.job-sheet').waitFor();
    const text = await visibleText(page);
    for (const printed of ['№ 3281', 'Signet ring', 'Gold 585', '12', 'Engrave M. S.']) expect(text).toContain(printed);
    for (const other of ['New orders', 'History', 'Take order', 'Print job sheet', 'Back'])
      expect(text).not.toContain(other);
    expect(await page.locator('button:visible, a:visible, select:visible').count()).toBe(0);

    const bars = await page.locator('.job-sheet rect').evaluateAll((all) =>
      (all as unknown as { getAttribute(name: string): string }[]).map((bar) => ({
        at: Number(bar.getAttribute('x')),
        width: Number(bar.getAttribute('width')),
      })),
    );
    const modules = Array.from(BARS_OF_3281, (_, at) =>
      bars.some((bar) => bar.at <= at && at < bar.at + bar.width) ? '1' : '0',
    ).join('');
    expect(modules).toBe(BARS_OF_3281);
  });

  it('prints the queue as a table with all orders, and nothing else', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    await desk.row(order.id).waitFor();
    await page.emulateMedia({ media: 'print' });
    await page.getByRole('table').waitFor();
    expect(await page.getByRole('table').getByRole('row').count()).toBe(32);
    const text = await visibleText(page);
    expect(text).toContain('31 new orders');
    for (const other of ['Dashboard', 'Search', 'View', 'Live']) expect(text).not.toContain(other);
    expect(await page.locator('button:visible, input:visible, .grid:visible').count()).toBe(0);
    await page.emulateMedia({ media: 'screen' });
    await page.getByRole('table').waitFor({ state: 'detached' });
    expect(await page.getByRole('grid').isVisible()).toBe(true);
  });

  it('prints the filters with the orders that they have selected', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    await desk.open('/?q=3281&priority=NORMAL&priority=LOW');
    await page.getByText('1 of 31 new orders').waitFor();
    await page.emulateMedia({ media: 'print' });
    await page.getByRole('table').waitFor();
    expect(await visibleText(page)).toMatch(/1 of 31 new orders · Search: 3281 · Priority: Normal, Low, as of/);
  });

  it.each([
    ['the list', () => '/', '.on-paper table'],
    ['a job sheet', () => `/orders/${order.id}`, '.job-sheet'],
  ])('says of when %s is by the clock of the API, also if nothing newer can be loaded', async (_, path, paper) => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    const asOf = async (): Promise<number> => {
      await page.emulateMedia({ media: 'print' });
      await page.locator(paper).waitFor();
      const [, time = ''] = /as of (.+)/.exec(await visibleText(page)) ?? [];
      await page.emulateMedia({ media: 'screen' });
      await page.locator(paper).waitFor({ state: 'detached' });
      return Date.parse(time);
    };
    // The clock of the device is wrong.
    await page.clock.install({ time: Date.now() + 5 * HOUR });
    await desk.open(path());
    await desk.live();
    const loaded = await asOf();
    expect(Math.abs(Date.now() - loaded)).toBeLessThan(2 * MINUTE);
    await page.context().setOffline(true);
    await page.getByText('You are offline.').waitFor();
    await page.clock.fastForward(HOUR);
    expect(Math.abs((await asOf()) - loaded)).toBeLessThan(2 * MINUTE);
    await page.context().setOffline(false);
    await desk.live();
    expect(Math.abs(Date.now() - (await asOf()))).toBeLessThan(2 * MINUTE);
  });

  it('prints the queue over as many pages as it takes', async () => {
    const desk = await workshop.signedIn();
    await desk.row(order.id).waitFor();
    // The browser announces the printing as it does when the user prints.
    const pdf = (await desk.page.pdf({ format: 'A4', landscape: true })).toString('latin1');
    expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(1);
  });
});
