import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

const CHANGES = '**/api/v1/orders/**';

describe('a step under way', () => {
  let workshop: Workshop;
  let table: OrdersTable;
  let desk: Operator;
  let order: WorkshopOrder;

  beforeAll(async () => {
    workshop = await Workshop.open();
    table = await OrdersTable.connect(workshop.database.url);
  }, OPENING_MS);

  beforeEach(async () => {
    desk = await workshop.signedIn({ name: 'anna' });
    order = await workshop.create();
    await desk.row(order.id).waitFor();
  });

  afterEach(() => workshop.clear());
  afterAll(async () => {
    await table.close();
    await workshop.close();
  });

  /** Holds the requests with a method before the API gets them. Returns a function that lets them go. */
  async function hold(method: string): Promise<() => void> {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await desk.page.route(CHANGES, async (route) => {
      if (route.request().method() === method) await released;
      await route.fallback();
    });
    return release;
  }

  function notice(text: string): ReturnType<Operator['page']['locator']> {
    return desk.page.locator('.notice', { hasText: `${String(order.number)} ${text}` });
  }

  function link(name: string): ReturnType<Operator['page']['locator']> {
    return desk.page.locator('header').getByRole('link', { name });
  }

  it('is shown by the queue to those who have left it meanwhile, and not offered again', async () => {
    const release = await hold('PATCH');
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await link('My work').click();
    await desk.page.getByRole('heading', { name: 'My work' }).waitFor();
    await link('Orders').click();
    await desk.row(order.id).getByText('Taking…').waitFor();
    expect(await desk.row(order.id).getByRole('button').count()).toBe(0);
    release();
    await notice('is yours.').waitFor();
    await desk.leave();
    await desk.row(order.id).waitFor({ state: 'detached' });
  });

  it('is shown by the queue if it was asked for on the page of the order', async () => {
    const release = await hold('PATCH');
    await desk.open(`/orders/${order.id}`);
    await desk.page.getByRole('button', { name: 'Take' }).click();
    await desk.page.locator('.order-moves').getByText('Sending…').waitFor();
    await link('Orders').click();
    await desk.row(order.id).getByText('Taking…').waitFor();
    await desk.row(order.id).getByRole('link').first().click();
    await desk.page.locator('.order-moves').getByText('Sending…').waitFor();
    expect(await desk.page.getByRole('button', { name: 'Take' }).isEnabled()).toBe(false);
    release();
    await notice('is yours.').waitFor();
    await desk.page.getByRole('button', { name: 'Mark as manufactured' }).and(desk.page.locator(':enabled')).waitFor();
  });

  it('is shown by the queue and by My work if it is taken back', async () => {
    // The pointer stays on the row, so the row stays as well.
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await notice('is yours.').waitFor();
    await desk.row(order.id).getByText('Yours').waitFor();
    const release = await hold('PATCH');
    await desk.page.keyboard.press('Control+z');
    await desk.row(order.id).getByText('Sending…').waitFor();
    await link('My work').click();
    await desk.page.locator('.card').getByText('Sending…').waitFor();
    const finish = desk.page.getByRole('button', { name: `Mark as manufactured · No. ${String(order.number)}` });
    expect(await finish.isEnabled()).toBe(false);
    await link('Orders').click();
    release();
    await desk.row(order.id).getByRole('button', { name: 'Take' }).waitFor();
  });

  it('is not passed over by the keys that undo, which would undo the step before it', async () => {
    const later = await workshop.create();
    // Under the pointer, the list would keep still.
    await desk.row(later.id).waitFor();
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await notice('is yours.').waitFor();
    const release = await hold('PATCH');
    await desk.row(later.id).getByRole('button', { name: 'Take' }).click();
    await desk.row(later.id).getByText('Taking…').waitFor();
    await desk.page.keyboard.press('Control+z');
    release();
    const laterIsYours = desk.page.locator('.notice', { hasText: `${String(later.number)} is yours.` });
    await laterIsYours.waitFor();
    await desk.page.keyboard.press('Control+z');
    await eventually(async () => (await workshop.order(later)).status === 'NEW');
    expect((await workshop.order(order)).status).toBe('MANUFACTURING_STARTED');
  });

  it('is not passed over by the keys that undo if there is no way back from it', async () => {
    const shipped = await workshop.create();
    for (const to of ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING']) {
      await workshop.move(shipped, to, 'anna');
    }
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await notice('is yours.').waitFor();
    await link('My work').click();
    const ship = `Mark as shipped · No. ${String(shipped.number)}`;
    await desk.page.getByRole('button', { name: ship }).click();
    await desk.page.locator('.notice', { hasText: 'Shipped' }).waitFor();
    await desk.page.keyboard.press('Control+z');
    await desk.painted();
    expect(await notice('is yours.').count()).toBe(1);
    expect((await workshop.order(order)).status).toBe('MANUFACTURING_STARTED');
  });

  it('is not told to the next user after signing out', async () => {
    const release = await hold('PATCH');
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await desk.row(order.id).getByText('Taking…').waitFor();
    await desk.openUserMenu();
    await desk.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await desk.signIn({ name: 'boris' });
    await desk.live();
    const answered = desk.page.waitForResponse((response) => response.request().method() === 'PATCH');
    release();
    await (await answered).finished();
    await desk.painted();
    expect(await desk.page.locator('.notice').count()).toBe(0);
  });

  it('is shown by the order’s card on the board if it is taken back', async () => {
    await desk.open('/board');
    const card = desk.row(order.id);
    await card.waitFor();
    await card.getByRole('button').click();
    await desk.page.getByRole('dialog').getByRole('button', { name: 'Take' }).click();
    await notice('is yours.').waitFor();
    const release = await hold('PATCH');
    await notice('is yours.').getByRole('button', { name: 'Return to queue' }).click();
    // The card may be in the column that it has left as well.
    const sending = card.and(desk.page.locator('.sending'));
    await sending.first().waitFor();
    release();
    await eventually(async () => (await sending.count()) === 0);
  });

  it('does not hide what an event has said meanwhile, if its own outcome stays unknown', async () => {
    await desk.page.route(CHANGES, async (route) => {
      if (route.request().method() === 'PATCH') await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
      await route.abort();
    });
    await desk.live();
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await desk.page.locator('.notice', { hasText: 'Couldn’t confirm' }).waitFor();
    await desk.row(order.id).getByText('Taken by boris').waitFor();
  });

  it('is forgotten soon after its end, so that a database that is set back to an earlier state is believed', async () => {
    await desk.page.clock.install();
    await desk.open('/');
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await notice('is yours.').waitFor();
    await desk.leave();
    await desk.row(order.id).waitFor({ state: 'detached' });
    await table.query(
      `UPDATE orders SET status = 'NEW', previous_status = NULL, assignee = NULL, version = 1 WHERE id = '${order.id}'`,
    );
    await desk.row(order.id).getByText('Yours').waitFor();
    await desk.page.clock.fastForward('02:00');
    await desk.live();
    await desk.row(order.id).getByRole('button', { name: 'Take' }).waitFor();
    await desk.row(order.id).getByRole('link').first().click();
    await desk.page.getByRole('button', { name: 'Take order' }).and(desk.page.locator(':enabled')).waitFor();
  });

  it('has its outcome without waiting for what an undo needs, which then has the comment of before', async () => {
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    await desk.open(`/orders/${order.id}`);
    await desk.page.getByRole('button', { name: 'Put on hold' }).click();
    await desk.page.getByLabel('Comment').fill('Waits for gold.');
    await desk.page.getByRole('button', { name: 'No material' }).click();
    await desk.page.locator('.notice-good', { hasText: 'On hold' }).waitFor();
    await link('My work').click();
    const resume = desk.page.locator('.card').getByRole('button', { name: 'Resume' });
    await resume.waitFor();

    const release = await hold('GET');
    await resume.click();
    await notice('is yours.').getByRole('button', { name: 'Put on hold' }).click();
    await desk.page.locator('.card').getByText('Sending…').waitFor();
    release();
    await desk.page.locator('.card').getByText('Waits for gold.').waitFor();
    expect(await workshop.order(order)).toMatchObject({ status: 'ON_HOLD', holdReason: 'MATERIAL_MISSING' });
  });
});
