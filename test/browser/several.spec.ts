import type { Route } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { insertOrders } from '../support/test-orders.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** The page waits up to ten seconds for a response, and up to twenty for what became of the orders. */
const PATIENCE_MS = 60_000;

describe('the queue of new orders, for several orders', () => {
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

  async function createOrders(count: number): Promise<WorkshopOrder[]> {
    const orders: WorkshopOrder[] = [];
    for (let i = 0; i < count; i += 1) orders.push(await workshop.create());
    return orders;
  }

  async function atQueue(url?: string): Promise<Operator> {
    const desk = await workshop.signedIn({ name: 'anna' }, url);
    await desk.live();
    return desk;
  }

  async function takenBy(name: string): Promise<string[]> {
    const rows = await table.query<{ id: string }>('SELECT id FROM orders WHERE assignee = $1 ORDER BY number', [name]);
    return rows.map(({ id }) => id);
  }

  async function select(desk: Operator, ...orders: readonly (WorkshopOrder | undefined)[]): Promise<void> {
    for (const order of orders)
      await desk
        .row(order?.id ?? '')
        .getByRole('checkbox')
        .click();
  }

  function idsOf(orders: readonly (WorkshopOrder | undefined)[]): (string | undefined)[] {
    return orders.map((order) => order?.id);
  }

  describe('taken together', () => {
    it('are all taken, and no other', async () => {
      const orders = await createOrders(4);
      const desk = await atQueue();
      await desk.row(orders[3]?.id ?? '').waitFor();
      await select(desk, orders[0], orders[2]);
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      await desk.page.locator('.notice-good', { hasText: '2 orders are yours.' }).waitFor();
      expect(await takenBy('anna')).toEqual(idsOf([orders[0], orders[2]]));
      await desk
        .row(orders[0]?.id ?? '')
        .getByText('Yours')
        .waitFor();
      expect(await desk.page.getByRole('button', { name: /^Take \d+ orders?$/ }).count()).toBe(0);
    });

    it('are selected by the keyboard: Space, Shift and Space for a range, T takes them', async () => {
      const orders = await createOrders(5);
      const desk = await atQueue();
      const { keyboard } = desk.page;
      await desk.row(orders[4]?.id ?? '').waitFor();
      await keyboard.press('ArrowDown');
      await keyboard.press('ArrowDown');
      await keyboard.press('Space');
      await keyboard.press('ArrowDown');
      await keyboard.press('ArrowDown');
      await keyboard.press('Shift+Space');
      await desk.page.getByText('3 selected').waitFor();
      await desk.painted();
      await keyboard.press('t');
      await desk.page.locator('.notice-good', { hasText: '3 orders are yours.' }).waitFor();
      expect(await takenBy('anna')).toEqual(idsOf(orders.slice(1, 4)));
    });

    it('are selected as a range by a click with Shift, and not at all after Escape', async () => {
      const orders = await createOrders(4);
      const desk = await atQueue();
      await select(desk, orders[3]);
      await desk
        .row(orders[1]?.id ?? '')
        .getByRole('checkbox')
        .click({ modifiers: ['Shift'] });
      await desk.page.getByText('3 selected').waitFor();
      await desk.page.keyboard.press('Escape');
      await desk.page.getByText('3 selected').waitFor({ state: 'detached' });
      expect(await desk.page.getByRole('checkbox', { name: 'Select order', checked: true }).count()).toBe(0);
    });

    it('stay selected when the list is refreshed, without those that somebody else has taken', async () => {
      const orders = await createOrders(3);
      const desk = await atQueue();
      await select(desk, ...orders);
      await workshop.move(orders[1] ?? { id: '' }, 'MANUFACTURING_STARTED', 'boris');
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).waitFor();
      await desk.leave();
      await desk.row((await workshop.create()).id).waitFor();
      await desk.row(orders[1]?.id ?? '').waitFor({ state: 'detached' });
      // The order is new again, but nobody has selected it.
      await workshop.move(orders[1] ?? { id: '' }, 'NEW', 'boris');
      await desk.row(orders[1]?.id ?? '').waitFor();
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      await desk.page.locator('.notice-good', { hasText: '2 orders are yours.' }).waitFor();
      expect(await takenBy('anna')).toEqual(idsOf([orders[0], orders[2]]));
    });

    it('have each its own outcome when somebody else was faster', async () => {
      const orders = await createOrders(3);
      const desk = await atQueue();
      await select(desk, ...orders);
      await desk.page.route('**/api/v1/orders/status', async (route) => {
        await workshop.move(orders[1] ?? { id: '' }, 'MANUFACTURING_STARTED', 'boris');
        await route.continue();
      });
      await desk.page.getByRole('button', { name: 'Take 3 orders' }).click();
      const notice = desk.page.locator('.notice-bad', { hasText: '2 orders are yours.' });
      await notice.waitFor();
      expect(await notice.innerText()).toContain(`Already taken or changed: ${String(orders[1]?.number)} (boris).`);
      await desk
        .row(orders[0]?.id ?? '')
        .getByText('Yours')
        .waitFor();
      await desk
        .row(orders[1]?.id ?? '')
        .getByText('Taken by boris')
        .waitFor();
    });

    it('are confirmed one by one when the answer is lost', async () => {
      const proxy = await TcpProxy.open(workshop.api.url);
      const orders = await createOrders(3);
      const desk = await atQueue(proxy.url);
      await select(desk, ...orders);
      proxy.breakAfter((chunk) => chunk.toString('latin1').includes('PATCH '));
      await desk.page.getByRole('button', { name: 'Take 3 orders' }).click();
      await desk.page.locator('.notice-good', { hasText: '3 orders are yours.' }).waitFor({ timeout: PATIENCE_MS });
      expect(await takenBy('anna')).toEqual(idsOf(orders));
      await workshop.clear();
      await proxy.close();
    });

    it('are reported as not taken only when they cannot be taken any more, and can then be taken again', async () => {
      const orders = await createOrders(2);
      const desk = await atQueue();
      await select(desk, ...orders);
      await desk.page.route('**/api/v1/orders/status', (route) => route.abort('connectionreset'), { times: 1 });
      const began = performance.now();
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      const notice = desk.page.locator('.notice-bad', { hasText: `Not changed: ${idsOrNumbers(orders)}.` });
      await notice.waitFor({ timeout: PATIENCE_MS });
      expect(performance.now() - began).toBeGreaterThan(10_000);
      await notice.getByRole('button', { name: 'Try again' }).click();
      await desk.page.locator('.notice-good', { hasText: '2 orders are yours.' }).waitFor();
    });

    it('are not said to be unchanged if somebody has given them back before the page could see what was made', async () => {
      const orders = await createOrders(2);
      const desk = await atQueue();
      await select(desk, ...orders);
      const loseAnswer = async (route: Route): Promise<void> => {
        await route.fetch();
        await workshop.move(orders[0] ?? { id: '' }, 'NEW', 'anna');
        await route.abort('connectionreset');
      };
      await desk.page.route('**/api/v1/orders/status', loseAnswer, { times: 1 });
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      const notice = desk.page.locator('.notice-bad', { hasText: '1 order is yours.' });
      await notice.waitFor({ timeout: PATIENCE_MS });
      expect(await notice.innerText()).toContain(`Already taken or changed: ${String(orders[0]?.number)} (New).`);
    });

    it('are not sent while the browser is offline, unless the operator asks for it later', async () => {
      const orders = await createOrders(2);
      const desk = await atQueue();
      await select(desk, ...orders);
      await desk.page.context().setOffline(true);
      await desk.page.getByText('You are offline.').waitFor();
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      await desk.page.locator('.notice-bad', { hasText: 'Not sent, you are offline.' }).waitFor();
      await desk.page.context().setOffline(false);
      await desk.live();
      await desk.leave();
      // The order arrives after the page has caught up: anything kept for later would have been sent by then.
      await desk.row((await workshop.create()).id).waitFor();
      expect(await takenBy('anna')).toEqual([]);
      await desk.page.getByRole('button', { name: 'Try again' }).click();
      await desk.page.locator('.notice-good', { hasText: '2 orders are yours.' }).waitFor();
    });

    it('are taken only as the operator has seen them, until the operator asks again', async () => {
      const orders = await createOrders(2);
      const desk = await atQueue();
      await select(desk, ...orders);
      const changeOne = async (route: Route): Promise<void> => {
        await workshop.change(orders[0] ?? { id: '' }, { priority: 'URGENT' });
        await route.continue();
      };
      await desk.page.route('**/api/v1/orders/status', changeOne, { times: 1 });
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      const notice = desk.page.locator('.notice-bad', { hasText: `Not changed: ${String(orders[0]?.number)}.` });
      await notice.waitFor();
      expect(await takenBy('anna')).toEqual(idsOf([orders[1]]));
      await notice.getByRole('button', { name: 'Try again' }).click();
      await desk.page.locator('.notice-good', { hasText: '1 order is yours.' }).waitFor();
      expect(await takenBy('anna')).toEqual(idsOf(orders));
    });

    it('do not hide what is still open about others', async () => {
      const orders = await createOrders(4);
      const desk = await atQueue();
      const overloaded = { status: 503, contentType: 'application/problem+json', body: '{"code":"OVERLOADED"}' };
      await desk.page.route('**/api/v1/orders/status', (route) => route.fulfill(overloaded), { times: 1 });
      await select(desk, orders[0], orders[1]);
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      const open = desk.page.locator('.notice-bad', { hasText: `Not changed: ${idsOrNumbers(orders.slice(0, 2))}.` });
      await open.waitFor();
      await select(desk, orders[2], orders[3]);
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      await desk.page.locator('.notice-good', { hasText: '2 orders are yours.' }).waitFor();
      await open.getByRole('button', { name: 'Try again' }).click();
      await open.waitFor({ state: 'detached' });
      await eventually(async () => (await takenBy('anna')).length === 4);
    });

    it('can be given back together, except those that have gone on', async () => {
      const orders = await createOrders(3);
      const desk = await atQueue();
      await select(desk, ...orders);
      await desk.page.getByRole('button', { name: 'Take 3 orders' }).click();
      const notice = desk.page.locator('.notice-good', { hasText: '3 orders are yours.' });
      const giveBack = notice.getByRole('button', { name: `Return to queue · No. ${idsOrNumbers(orders)}` });
      await giveBack.waitFor();
      await workshop.move(orders[1] ?? { id: '' }, 'MANUFACTURING_COMPLETED', 'anna');
      await giveBack.click();
      const outcome = desk.page.locator('.notice-bad', { hasText: '2 orders are back in the queue.' });
      await outcome.waitFor();
      expect(await outcome.innerText()).toContain(
        `Already taken or changed: ${String(orders[1]?.number)} (Manufactured).`,
      );
      expect(await takenBy('anna')).toEqual(idsOf([orders[1]]));
      await desk
        .row(orders[0]?.id ?? '')
        .getByRole('button', { name: 'Take order' })
        .waitFor();
    });

    it('are given back by the keys that undo, which then do nothing more', async () => {
      const orders = await createOrders(2);
      const desk = await atQueue();
      await select(desk, ...orders);
      await desk.page.getByRole('button', { name: 'Take 2 orders' }).click();
      await desk.page.locator('.notice-good', { hasText: '2 orders are yours.' }).waitFor();
      await desk.page.keyboard.press('Control+z');
      const undone = desk.page.locator('.notice-good', { hasText: '2 orders are back in the queue.' });
      await undone.waitFor();
      expect(await takenBy('anna')).toEqual([]);
      expect(await undone.getByRole('button').allInnerTexts()).toEqual(['×']);
    });

    it('are offered to operators only', async () => {
      const [order] = await createOrders(1);
      const desk = await workshop.signedIn({ role: 'viewer' });
      await desk.row(order?.id ?? '').waitFor();
      expect(await desk.page.getByRole('checkbox', { name: 'Select order' }).count()).toBe(0);
    });
  });

  function idsOrNumbers(orders: readonly WorkshopOrder[]): string {
    return orders.map(({ number }) => number).join(', ');
  }

  describe('counted', () => {
    it('are all new orders, and those that fit the filters', async () => {
      await table.query(insertOrders(1_234));
      const urgent = await workshop.create({ priority: 'URGENT' });
      const desk = await workshop.signedIn();
      await desk.page.locator('.queue-count', { hasText: '1,235 new orders' }).waitFor();
      await desk.open('/?priority=NORMAL');
      await desk.page.locator('.queue-count', { hasText: '1,234 of 1,235 new orders' }).waitFor();
      await eventually(async () => (await desk.page.title()) === '1,234 of 1,235 new orders – MES Orders');
      await workshop.move(urgent, 'MANUFACTURING_STARTED');
      await desk.page.locator('.queue-count', { hasText: '1,234 of 1,234 new orders' }).waitFor();
    });

    it('are as many as the rows, also of those that become overdue later', async () => {
      await table.query(insertOrders(120));
      await table.query(`UPDATE orders SET due_at = now() - interval '1 hour', created_at = now() - interval '1 day'
        WHERE id IN (SELECT id FROM orders LIMIT 60)`);
      await table.query(`UPDATE orders SET due_at = now() + interval '40 seconds' WHERE due_at IS NULL`);
      const desk = await workshop.signedIn();
      await desk.open('/?due=overdue&sort=dueAt');
      await desk.page.locator('.queue-count', { hasText: '60 of 120 new orders' }).waitFor();
    });

    it('are more than 10,000 if the API does not count further', async () => {
      await table.query(insertOrders(10_050));
      const desk = await workshop.signedIn();
      await desk.open('/?material=Gold+585');
      await desk.page.locator('.queue-count', { hasText: 'more than 10,000 of 10,050 new orders' }).waitFor();
    });
  });
});
