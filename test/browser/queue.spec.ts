import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { insertOrders } from '../support/test-orders.js';
import { OPENING_MS, Workshop } from './support/workshop.js';

/** A script for the page that records layout shifts. */
const WATCH_SHIFTS = `
  globalThis.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) shifts.push(value);
  }).observe({ type: 'layout-shift' });
`;

describe('the queue of new orders, in a browser', () => {
  let workshop: Workshop;
  let table: OrdersTable;

  beforeAll(async () => {
    workshop = await Workshop.open();
    table = await OrdersTable.connect(workshop.database.url);
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(async () => {
    await table.close();
    await workshop.close();
  });

  it('shows number, customer, product, material, quantity, priority and due date of an order', async () => {
    const dueAt = new Date(Date.now() + 3 * 86_400_000 + 3_600_000).toISOString();
    const order = await workshop.create({ material: 'Gold 750', quantity: 12, priority: 'URGENT', dueAt });
    const desk = await workshop.signedIn();
    const row = desk.row(order.id);
    await row.waitFor();
    const cells = await row.getByRole('gridcell').allInnerTexts();
    expect(cells.slice(1, 7)).toEqual([
      String(order.number),
      'Мария Соколова',
      expect.stringContaining('ring'),
      'Gold 750',
      '12',
      'Urgent',
    ]);
    expect(cells[7]).toContain('in 3 days');
  });

  it('shows an order when it is created and removes it when it is taken, without a reload', async () => {
    const [here, there] = await Promise.all([
      workshop.signedIn({ name: 'anna' }),
      workshop.signedIn({ name: 'boris' }),
    ]);
    await Promise.all([here.live(), there.live()]);
    const { id } = await workshop.create();
    // The row stays under a pointer.
    await Promise.all([here.row(id).waitFor(), there.row(id).hover()]);
    await here.row(id).getByRole('button', { name: 'Take' }).click();
    await here.leave();
    await there.row(id).getByText('Taken by anna').waitFor();
    await there.leave();
    await there.row(id).waitFor({ state: 'detached' });
    await here.row(id).waitFor({ state: 'detached' });
    expect(await workshop.order({ id })).toMatchObject({ status: 'MANUFACTURING_STARTED', assignee: 'anna' });
  });

  it('gives an order to one of two operators who take it at the same time, and tells the other', async () => {
    const [here, there] = await Promise.all([
      workshop.signedIn({ name: 'anna' }),
      workshop.signedIn({ name: 'boris' }),
    ]);
    await Promise.all([here.live(), there.live()]);
    for (let round = 0; round < 3; round += 1) {
      const { id, number } = await workshop.create();
      // The API hears of both at the same time, whichever browser is slower.
      let sendBoth = (): void => undefined;
      const areBothSent = new Promise<void>((resolve) => (sendBoth = resolve));
      let sent = 0;
      for (const { page } of [here, there]) {
        await page.route(
          `**/api/v1/orders/${id}/status`,
          async (route) => {
            sent += 1;
            if (sent === 2) sendBoth();
            await areBothSent;
            await route.continue();
          },
          { times: 1 },
        );
      }
      const takes = [here, there].map((desk) => desk.row(id).getByRole('button', { name: 'Take', disabled: false }));
      await Promise.all(takes.map((take) => take.waitFor()));
      await Promise.all(
        takes.map((take) =>
          take.evaluate((button: { click(): void }) => {
            button.click();
          }),
        ),
      );
      const { assignee } = await eventually(async () => {
        const order = await workshop.order({ id });
        return order.assignee === undefined ? undefined : { assignee: order.assignee };
      });
      const [winner, loser] = assignee === 'anna' ? [here, there] : [there, here];
      await winner.page.locator('.notice-good', { hasText: `Order ${String(number)} is yours` }).waitFor();
      await loser.page
        .locator('.notice-bad', { hasText: `Order ${String(number)} was already taken by ${assignee}` })
        .waitFor();
      expect(await loser.page.locator('.notice-good', { hasText: `Order ${String(number)} ` }).count()).toBe(0);
      await Promise.all([here, there].map((desk) => desk.row(id).waitFor({ state: 'detached' })));
    }
  });

  it('does nothing to a selected order that is out of sight, and shows it', async () => {
    await table.query(insertOrders(120));
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.live();
    const { page } = desk;
    const changes: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PATCH') changes.push(request.url());
    });
    const grid = page.getByRole('grid');
    await page.locator('.take').first().waitFor();
    await page.keyboard.press('ArrowDown');
    const selected = page.locator('.grid-row[aria-selected=true]');
    await selected.waitFor();
    await grid.hover();
    for (const key of ['t', 'Space', 'Enter']) {
      await page.mouse.wheel(0, 3_000);
      await selected.waitFor({ state: 'detached' });
      await page.keyboard.press(key);
      await selected.waitFor();
      expect(await grid.evaluate((list: { scrollTop: number }) => list.scrollTop)).toBe(0);
    }
    expect(await page.getByRole('checkbox', { name: 'Select order', checked: true }).count()).toBe(0);
    expect(changes).toEqual([]);
    // In sight, it is taken, by a key that comes neither too early nor as fast as those of a scanner.
    const taken = page.locator('.notice-good').waitFor();
    await eventually(async () => {
      await page.keyboard.press('t');
      return Promise.race([taken.then(() => true), delay(1_000, false)]);
    });
    await table.query(`DELETE FROM orders WHERE created_by = 'sql'`);
  });

  it('works with the keyboard alone, even with a Russian layout', async () => {
    const orders = [await workshop.create(), await workshop.create(), await workshop.create()];
    const desk = await workshop.signedIn({ language: 'ru' });
    await desk.open('/?sort=-createdAt');
    const [, middle] = orders.reverse();
    await desk.row(middle?.id ?? '').waitFor();
    await desk.page.keyboard.press('ArrowDown');
    await desk.page.keyboard.press('ArrowDown');
    expect(await desk.row(middle?.id ?? '').getAttribute('aria-selected')).toBe('true');
    await desk.page.keyboard.press('Enter');
    await desk.page.waitForURL(`**/orders/${middle?.id ?? ''}`);
    await desk.page.goBack();
    // The order is selected again.
    await desk.page.locator(`[id="order-${middle?.id ?? ''}"][aria-selected=true]`).waitFor();
    // The T key, which is е on a Russian keyboard.
    await desk.page.getByRole('grid').dispatchEvent('keydown', { key: 'е', code: 'KeyT', bubbles: true });
    await eventually(async () => (await workshop.order({ id: middle?.id ?? '' })).status === 'MANUFACTURING_STARTED');
    await desk.page.keyboard.press('Escape');
    await desk.row(middle?.id ?? '').waitFor({ state: 'detached' });
    expect(await desk.row(orders[2]?.id ?? '').count()).toBe(1);
  });

  it('has the same orders selected when the user comes back, whatever way it was left', async () => {
    const orders = [await workshop.create(), await workshop.create(), await workshop.create()];
    const desk = await workshop.signedIn();
    const { page } = desk;
    for (const { id } of orders) await desk.row(id).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    const chosen = await page.locator('[aria-selected=true]').getAttribute('id');
    const count = page.getByText('1 selected');
    await count.waitFor();
    await page.getByRole('link', { name: 'My work' }).click();
    await page.waitForURL('**/mine');
    await page.goBack();
    await page.locator(`[id="${String(chosen)}"][aria-selected=true]`).waitFor();
    await count.waitFor();

    // Another user starts without them.
    await desk.openUserMenu();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.locator('.sign-in form').waitFor();
    await desk.signIn({ name: 'boris' });
    await page.locator('.grid-body [role=row]').first().waitFor();
    expect(await page.locator('[aria-selected=true]').count()).toBe(0);
    expect(await count.count()).toBe(0);
  });

  it('keeps its filters in the address, so that they can be shared', async () => {
    const wanted = await workshop.create({ material: 'Platinum 950', priority: 'HIGH' });
    const other = await workshop.create({ material: 'Silver 925', priority: 'LOW' });
    const desk = await workshop.signedIn();
    await desk.row(other.id).waitFor();
    await desk.page.getByRole('checkbox', { name: 'High' }).check();
    await desk.page.getByLabel('Material').fill('Platinum 950');
    await desk.page.getByLabel('Sort').selectOption('Due soonest first');
    await desk.row(other.id).waitFor({ state: 'detached' });
    await desk.row(wanted.id).waitFor();
    await desk.page.waitForURL(/material=/);
    const address = new URL(desk.page.url());
    expect([...address.searchParams].sort()).toEqual([
      ['material', 'Platinum 950'],
      ['priority', 'HIGH'],
      ['sort', 'dueAt'],
    ]);

    const colleague = await workshop.signedIn({ name: 'boris' });
    await colleague.open(`${address.pathname}${address.search}`);
    await colleague.row(wanted.id).waitFor();
    expect(await colleague.row(other.id).count()).toBe(0);
    expect(await colleague.page.getByLabel('Material').inputValue()).toBe('Platinum 950');
    await colleague.page.getByRole('button', { name: 'Clear filters' }).click();
    await colleague.row(other.id).waitFor();

    await desk.page.getByLabel('Search').fill('nothing like this');
    await desk.page.getByText('No new orders match these filters.').waitFor();
  });

  it('says that a short search looks at the starts of words only, where it finds nothing', async () => {
    const { id } = await workshop.create({ product: { name: 'Ring «Lily»' } });
    const desk = await workshop.signedIn();
    const search = desk.page.getByLabel('Search');
    await search.fill('li');
    await desk.page.getByText('No new orders match these filters.').waitFor();
    await desk.page.getByText('One or two characters are only found').waitFor();
    await search.fill('lil');
    await desk.row(id).waitFor();
    await search.fill('nothing like this');
    await desk.page.getByText('No new orders match these filters.').waitFor();
    expect(await desk.page.getByText('One or two characters are only found').count()).toBe(0);
  });

  it('scrolls through thousands of orders with few rows in the document, and stays in place when orders arrive', async () => {
    await table.query(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by, created_at)
       SELECT gen_random_uuid(), 'SHOP', 'C', 'Customer ' || n, 'Ring', 'Gold 585', 1, 'NORMAL', 'sql', now() - n * interval '1 second'
       FROM generate_series(1, 3000) AS n`,
    );
    const desk = await workshop.signedIn();
    await desk.open('/?sort=-createdAt');
    const grid = desk.page.getByRole('grid');
    const last = desk.page.getByText('Customer 3000', { exact: true });
    await eventually(async () => {
      await grid.evaluate((element: { scrollTop: number; scrollHeight: number }) => {
        element.scrollTop = element.scrollHeight;
      });
      return (await last.count()) === 1;
    }, 180_000);
    expect(await desk.page.getByRole('row').count()).toBeLessThan(60);

    const before = await last.boundingBox();
    const { id } = await workshop.create();
    await eventually(async () => (await grid.getAttribute('aria-rowcount')) !== '-1');
    await desk.live();
    await eventually(async () => {
      const after = await last.boundingBox();
      return after?.y === before?.y;
    });
    await grid.press('Home');
    await desk.page.getByRole('button', { name: '1 new order' }).click();
    await desk.row(id).waitFor();
    await table.query(`DELETE FROM orders WHERE created_by = 'sql'`);
  });

  it('does not shift its layout when orders arrive', async () => {
    const desk = await workshop.signedIn();
    await desk.open('/?sort=-createdAt');
    await desk.live();
    await desk.page.evaluate(WATCH_SHIFTS);
    for (let i = 0; i < 5; i += 1) {
      const { id } = await workshop.create();
      await desk.row(id).waitFor();
    }
    const shifts = await desk.page.evaluate<number[]>('globalThis.shifts');
    expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.01);
  });

  it('gets a 304 for an unchanged list', async () => {
    await workshop.create();
    const desk = await workshop.signedIn();
    await desk.live();
    const statuses: number[] = [];
    const session = await desk.page.context().newCDPSession(desk.page);
    await session.send('Network.enable');
    session.on('Network.responseReceivedExtraInfo', ({ statusCode }) => statuses.push(statusCode));
    await desk.page.reload();
    await desk.live();
    await eventually(() => statuses.includes(304));
  });

  it('lets viewers read, but not take orders', async () => {
    const { id } = await workshop.create();
    const desk = await workshop.signedIn({ role: 'viewer' });
    await desk.row(id).waitFor();
    expect(await desk.page.getByRole('button', { name: 'Take' }).count()).toBe(0);
    expect(await desk.page.getByRole('link', { name: 'My work' }).count()).toBe(0);
    await desk.page.keyboard.press('ArrowDown');
    await desk.page.keyboard.press('t');
    expect((await workshop.order({ id })).status).toBe('NEW');
  });

  it('shows partners their own orders by polling, without events', async () => {
    const own = await workshop.create();
    const desk = await workshop.signedIn({ role: 'partner' });
    await desk.row(own.id).waitFor();
    await desk.page.locator('.live-none').waitFor();
    expect(await desk.page.getByRole('link', { name: 'Dashboard' }).count()).toBe(0);
  });

  it('shows a changed priority without a reload', async () => {
    const { id } = await workshop.create({ priority: 'NORMAL' });
    const desk = await workshop.signedIn();
    await desk.live();
    await desk.row(id).waitFor();
    expect(await desk.row(id).getByText('Urgent').count()).toBe(0);
    await workshop.change({ id }, { priority: 'URGENT' });
    await desk.row(id).getByText('Urgent').waitFor();
  });

  it('offers to give an order back after taking it, to the one who has it', async () => {
    const { id } = await workshop.create();
    const desk = await workshop.signedIn();
    await desk.row(id).getByRole('button', { name: 'Take' }).click();
    const giveBack = { name: 'Return to queue' };
    await desk.page.locator('.notice-good').getByRole('button', giveBack).waitFor();
    // The notice stays while the pointer is over it.
    await desk.page.locator('.notice-good').hover();

    const other = await workshop.signedIn({ name: 'boris' });
    await other.open(`/orders/${id}`);
    await other.page.getByRole('button', { name: 'Put on hold' }).waitFor();
    expect(await other.page.getByRole('button', giveBack).count()).toBe(0);

    await desk.page.locator('.notice-good').getByRole('button', giveBack).click();
    await eventually(async () => (await workshop.order({ id })).status === 'NEW');
    await desk.row(id).waitFor();
  });
});
