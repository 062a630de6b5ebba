import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { violations } from './support/accessibility.js';
import type { Language } from './support/operators-page.js';
import { OPENING_MS, Workshop } from './support/workshop.js';

const HOUR = 60 * 60_000;
const WIDTHS = [1280, 820, 390, 320] as const;
const LANGUAGES: readonly Language[] = ['en', 'ru'];

/** The folder of the screenshots. */
const SCREENSHOTS = resolve('coverage/screenshots');

function dueIn(hours: number): { dueAt: string } {
  return { dueAt: new Date(Date.now() + hours * HOUR).toISOString() };
}

describe('the dashboard of the shift lead, in a browser', () => {
  let workshop: Workshop;
  let table: OrdersTable;

  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    workshop = await Workshop.open();
    table = await OrdersTable.connect(workshop.database.url);
  }, OPENING_MS);

  beforeEach(async () => {
    await table.query('TRUNCATE orders CASCADE');
  });

  afterEach(() => workshop.clear());

  afterAll(async () => {
    await table.close();
    await workshop.close();
  });

  /** Orders of all kinds: overdue, due soon, due later, in the queue, in work, on hold and done. */
  async function fill(): Promise<void> {
    for (const [priority, hours] of [
      ['URGENT', 1],
      ['URGENT', 2],
      ['URGENT', 5],
      ['HIGH', 20],
      ['LOW', 48],
    ] as const) {
      await workshop.create({ priority, ...dueIn(hours) });
    }
    for (const [by, priority] of [
      ['anna', 'HIGH'],
      ['anna', 'NORMAL'],
      ['boris', 'URGENT'],
    ] as const) {
      const order = await workshop.create({ priority, ...dueIn(3), product: { name: `Ring for ${by}` } });
      await workshop.move(order, 'MANUFACTURING_STARTED', by);
    }
    const done = await workshop.create();
    for (const status of ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'SHIPPED']) {
      await workshop.move(done, status, 'olga');
    }
    // The two urgent orders that are due first are overdue now, and the one of Boris.
    await table.query(
      `UPDATE orders SET created_at = now() - interval '2 days', due_at = due_at - interval '150 minutes' WHERE priority = 'URGENT'`,
    );
    await table.query(
      `UPDATE orders SET due_at = now() - interval '30 minutes' WHERE priority = 'URGENT' AND status = 'MANUFACTURING_STARTED'`,
    );
  }

  function late(page: Page, name: string | RegExp) {
    return page.getByRole('region', { name: 'Late orders' }).getByRole('link', { name });
  }

  it('leads from each number of late orders to the list or the board with as many', async () => {
    await fill();
    const desk = await workshop.signedIn({ role: 'viewer' });
    const { page } = desk;
    await desk.open('/dashboard');
    await late(page, '2: Overdue, Urgent, New').click();
    await page.getByText('2 of 5 new orders').waitFor();
    await eventually(async () => (await page.getByRole('row').count()) === 3);
    await page.goBack();

    await late(page, '3: Within 24 hours, Urgent, New').click();
    await page.getByText('3 of 5 new orders').waitFor();
    await page.goBack();

    await late(page, '4: Within 24 hours, All, New').click();
    await page.getByText('4 of 5 new orders').waitFor();
    await page.goBack();

    await late(page, '1: Overdue, Urgent, In progress').click();
    await page.getByRole('heading', { name: 'Board' }).waitFor();
    expect(new URL(page.url()).search).toContain('due=overdue');
    await page.getByText('Ring for boris').waitFor();
    expect(await page.getByText('Ring for anna').count()).toBe(0);
  });

  it('follows the orders that come and go, without moving a number', async () => {
    await fill();
    const desk = await workshop.signedIn({ role: 'viewer' });
    const { page } = desk;
    await desk.open('/dashboard');
    const place = await late(page, '1: Within 24 hours, High, New').boundingBox();
    await desk.live();
    const order = await workshop.create({ priority: 'HIGH', ...dueIn(4) });
    await late(page, '2: Within 24 hours, High, New').waitFor();
    expect(await late(page, '2: Within 24 hours, High, New').boundingBox()).toEqual(place);

    const workload = page.getByRole('region', { name: 'Who works on what' });
    await workshop.move(order, 'MANUFACTURING_STARTED', 'carl');
    await workload.getByText('carl').waitFor();
    await late(page, '2: Within 24 hours, High, In progress').waitFor();
    await workshop.change(order, { assignee: 'dora' });
    await workload.getByText('dora').waitFor();
    await workload.getByText('carl').waitFor({ state: 'detached' });
    // A press does nothing while the links may just have moved, so the link is pressed until it leads away.
    const press = `document.querySelector('main a[href="/orders/${order.id}"]')?.click()`;
    await eventually(async () => {
      await page.evaluate(press);
      return new URL(page.url()).pathname === `/orders/${order.id}`;
    });
    await page.getByRole('heading', { name: `Order ${String(order.number)}` }).waitFor();
  });

  it('shows what is due soonest of hundreds of orders in work, and leads to the others', async () => {
    // Each of 15 operators has 20 orders.
    await table.query(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by, status,
         assignee, created_at, due_at)
       SELECT gen_random_uuid(), 'CRM', 'C', 'c', 'Ring', 'm', 1, 'NORMAL', 'crm', 'MANUFACTURING_STARTED', 'operator-' || n % 15,
         now() - interval '1 day', now() + (n - 50) * interval '1 minute'
       FROM generate_series(0, 299) AS n`,
    );
    const token = await workshop.api.token('admin');
    await workshop.api.call('/api/v1/cache/evictions', { method: 'POST', token, body: { tags: ['epoch'] } });
    const desk = await workshop.signedIn({ role: 'viewer' });
    const { page } = desk;
    await desk.open('/dashboard');
    const workload = page.getByRole('region', { name: 'Who works on what' });
    await workload.getByText('15 people · 300 orders').waitFor();
    expect(await workload.getByRole('heading', { level: 3 }).count()).toBe(12);
    expect(await workload.locator('a[href*="/orders/"]').count()).toBe(36);
    expect(await workload.getByRole('heading', { level: 3 }).first().innerText()).toBe('operator-0 20 orders');
    /** A press does nothing while the links may just have moved, so a link is pressed until it leads away. */
    const follow = async (name: string): Promise<void> => {
      await eventually(async () => {
        await workload
          .getByRole('link', { name })
          .click({ timeout: 1_000 })
          .catch(() => undefined);
        return new URL(page.url()).pathname === '/board';
      });
      await page.getByRole('heading', { name: 'Board' }).waitFor();
    };
    await follow('operator-3: and 17 more');
    expect(new URL(page.url()).search).toBe('?assignee=operator-3');
    const started = page.locator('[data-status=MANUFACTURING_STARTED]');
    await started.locator('.board-count').getByText('20', { exact: true }).waitFor();
    expect(await page.getByLabel('Assigned to', { exact: true }).inputValue()).toBe('operator-3');
    // New orders are assigned to nobody, so the list does not have this filter.
    await page.getByRole('link', { name: 'List', exact: true }).click();
    await page.getByText('No new orders. New ones appear automatically.').waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await started.locator('.board-count').getByText('300', { exact: true }).waitFor();
    await desk.open('/dashboard');
    await follow('and 3 more people with 60 orders');
    expect(new URL(page.url()).search).toBe('');
  });

  it('shows which new order is the oldest, and leads to it', async () => {
    const first = await workshop.create();
    const second = await workshop.create();
    const desk = await workshop.signedIn({ role: 'viewer' });
    const { page } = desk;
    await desk.open('/dashboard');
    const oldest = page.getByRole('region', { name: 'Oldest new order' }).getByRole('link');
    await oldest.getByText(String(first.number)).waitFor();
    await desk.live();
    await workshop.move(first, 'MANUFACTURING_STARTED');
    await oldest.getByText(String(second.number)).waitFor();
    await workshop.move(second, 'MANUFACTURING_STARTED');
    await page.getByText('No orders waiting').waitFor();
  });

  it('says that there is nothing, and why a part could not be loaded', async () => {
    const desk = await workshop.signedIn({ role: 'viewer' });
    const { page } = desk;
    await page.route('**/api/v1/dashboard/due', (route) => route.fulfill({ status: 403, json: {} }));
    await desk.open('/dashboard');
    await page.getByText('Nobody has an order in production.').waitFor();
    await page.getByRole('alert').getByText('You don’t have access to this.').waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await page.unroute('**/api/v1/dashboard/due');
    // The page asks again by itself, too, and the button is then gone.
    const region = page.getByRole('region', { name: 'Late orders' });
    await eventually(async () => {
      if (await region.isVisible()) return true;
      await page
        .getByRole('button', { name: 'Try again' })
        .click({ timeout: 1_000 })
        .catch(() => undefined);
      return false;
    });
    expect(await page.getByRole('region', { name: 'Late orders' }).getByRole('link').count()).toBe(0);
  });

  it('shows administrators what the cache spared the database in the last hour', async () => {
    const desk = await workshop.signedIn({ role: 'admin' });
    const { page } = desk;
    await desk.open('/dashboard');
    await page.getByText(/requests were answered without the database/).waitFor();
    await page.getByText(/Running since/).waitFor();
    expect(await page.locator('.last-hour rect').count()).toBeGreaterThan(0);
  });

  it.each(LANGUAGES)('fits all widths and breaks no rule of accessibility: %s', async (language) => {
    await fill();
    const desk = await workshop.signedIn({ role: 'admin', language });
    const { page } = desk;
    await desk.open('/dashboard');
    await page.locator('.last-hour').waitFor();
    await page.locator('.late-orders').waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await desk.painted();
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await page.screenshot({ path: `${SCREENSHOTS}/floor-${language}-${String(width)}.png`, fullPage: true });
      expect({ width, violations: await violations(page) }).toEqual({ width, violations: [] });
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violations(page)).toEqual([]);
  });
});
