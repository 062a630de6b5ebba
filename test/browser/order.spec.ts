import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Locator } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { insertOrders } from '../support/test-orders.js';
import { violations } from './support/accessibility.js';
import type { Language, Operator } from './support/operators-page.js';
import { scan } from './support/scan.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** The folder of the screenshots. */
const SCREENSHOTS = resolve('coverage/screenshots');
const LANGUAGES: readonly Language[] = ['en', 'ru'];
const SCREENS = [
  { width: 1280, height: 800 },
  { width: 820, height: 1180 },
  { width: 390, height: 844 },
  { width: 320, height: 640 },
] as const;
const PHONE = SCREENS[2];
const TARGET = 44;

/** The page waits up to ten seconds for a response, and up to twenty for what became of the order. */
const PATIENCE_MS = 60_000;
const DAY = 86_400_000;

/** The most presses of Tab from one button to another. */
const MOST_TABS = 60;

describe('an order on the page', () => {
  let workshop: Workshop;
  let order: WorkshopOrder;

  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    workshop = await Workshop.open();
  }, OPENING_MS);

  beforeEach(async () => {
    order = await workshop.create();
  });

  afterEach(() => workshop.clear());

  afterAll(() => workshop.close());

  const notice = (desk: Operator, text: string): Locator =>
    desk.page.locator('.notice', { hasText: `${String(order.number)}${text}` });

  const button = (desk: Operator, name: string): Locator => desk.page.getByRole('button', { name });

  async function becomes(expected: Partial<WorkshopOrder>): Promise<void> {
    await eventually(async () => {
      const found: Partial<WorkshopOrder> = await workshop.order(order);
      return Object.entries(expected).every(([name, value]) => found[name as keyof WorkshopOrder] === value);
    });
  }

  /** Moves the focus to a button by Tab, and presses Enter. */
  /** Hands over to a name that the page does not know, once it has been shown long enough. */
  async function confirmName({ page }: Operator, name: string, press: () => Promise<void>): Promise<void> {
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`No orders in progress were found for ${name}.`).waitFor();
    await dialog.getByRole('button', { name: 'Hand over anyway', disabled: false }).waitFor();
    await press();
  }

  async function press(desk: Operator, name: string): Promise<void> {
    const { page } = desk;
    await page.locator(`main button:enabled[aria-label^="${name}"]`).waitFor();
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      const focused = await page.evaluate<string>(
        `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`,
      );
      if (focused.startsWith(name)) return page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${name}`);
  }

  it('is worked on for a day with the keyboard alone', async () => {
    const desk = await workshop.signedIn({ name: 'anna' });
    const { keyboard } = desk.page;
    await desk.open(`/orders/${order.id}`);
    await press(desk, 'Take order');
    await becomes({ status: 'MANUFACTURING_STARTED', assignee: 'anna' });

    await press(desk, 'Put on hold');
    await desk.page.getByRole('dialog').waitFor();
    await keyboard.press('1');
    await desk.page.locator('.hold-note').getByText('No material').waitFor();
    await becomes({ status: 'ON_HOLD', holdReason: 'MATERIAL_MISSING' });
    await press(desk, 'Resume');
    await becomes({ status: 'MANUFACTURING_STARTED' });

    await press(desk, 'Put on hold');
    await desk.page.getByRole('dialog').waitFor();
    await keyboard.press('6');
    await desk.page.getByLabel('What is the reason?').waitFor();
    await keyboard.type('The foreman wants to see it.');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await desk.page.locator('.hold-note').getByText('The foreman wants to see it.').waitFor();
    await becomes({ status: 'ON_HOLD', holdReason: 'OTHER' });
    await press(desk, 'Resume');
    await becomes({ status: 'MANUFACTURING_STARTED' });

    await press(desk, 'Return to queue');
    await becomes({ status: 'NEW' });
    await notice(desk, ': New.').waitFor();
    await keyboard.press('Control+z');
    await becomes({ status: 'MANUFACTURING_STARTED', assignee: 'anna' });

    await press(desk, 'Change priority');
    await desk.page.getByRole('dialog').waitFor();
    await keyboard.press('4');
    await becomes({ priority: 'URGENT' });
    await notice(desk, ': priority “Urgent”.').waitFor();
    await keyboard.press('Control+z');
    await becomes({ priority: 'NORMAL' });

    await press(desk, 'Hand over');
    await desk.page.getByRole('dialog').waitFor();
    await keyboard.type('boris');
    await keyboard.press('Enter');
    await confirmName(desk, 'boris', () => keyboard.press('Enter'));
    await notice(desk, ': assigned to boris.').waitFor();
    await becomes({ status: 'MANUFACTURING_STARTED', assignee: 'boris' });
    // Whoever has handed it over cannot give away what is not theirs any more.
    await button(desk, 'Return to queue').waitFor({ state: 'detached' });
    expect(await button(desk, 'Hand over').count()).toBe(0);
    await button(desk, 'Put on hold').waitFor();

    await desk.page.locator('.timeline').getByText('Assigned to: anna → boris').waitFor();
    const entries = await desk.page.locator('.timeline li').allInnerTexts();
    expect(entries.map((entry) => entry.split('\n')[0])).toEqual([
      'Created',
      'In production',
      'On hold No material',
      'In production',
      'On hold Other',
      'In production',
      'New',
      'In production',
      'Priority: Normal → Urgent',
      'Priority: Urgent → Normal',
      'Assigned to: anna → boris',
    ]);
  });

  it('is worked on for a day with a finger on a phone', async () => {
    const desk = await workshop.signedIn({ name: 'olga', viewport: PHONE, touch: true });
    const { page } = desk;
    await desk.row(order.id).getByRole('button', { name: /^Take/ }).tap();
    await becomes({ status: 'MANUFACTURING_STARTED', assignee: 'olga' });
    await page.getByRole('link', { name: 'My work' }).tap();

    // Pausing from the overview takes two presses.
    await button(desk, 'Put on hold').tap();
    await button(desk, 'Tool out of order').tap();
    await becomes({ status: 'ON_HOLD', holdReason: 'TOOL_DOWN' });
    await page.getByRole('listitem').getByText('Tool out of order').waitFor();
    // The undo of the notice.
    await notice(desk, ': On hold · Tool out of order.').getByRole('button', { name: 'Resume' }).tap();
    await becomes({ status: 'MANUFACTURING_STARTED' });

    await button(desk, 'Hand over').tap();
    await page.getByRole('dialog').getByRole('textbox').fill('kira');
    await page.getByRole('dialog').getByRole('button', { name: 'Hand over' }).tap();
    await confirmName(desk, 'kira', () => button(desk, 'Hand over anyway').tap());
    await becomes({ assignee: 'kira' });

    await workshop.change(order, { assignee: 'olga' });
    await button(desk, 'Return to queue').tap();
    await becomes({ status: 'NEW' });
    await notice(desk, ': New.').getByRole('button', { name: 'Take order' }).tap();
    await becomes({ status: 'MANUFACTURING_STARTED', assignee: 'olga' });
  });

  it('is not paused by the second press of a double click', async () => {
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Put on hold').click();
    const box = await button(desk, 'Tool out of order').boundingBox();
    await desk.page.keyboard.press('Escape');
    // Time stands still for what has just appeared.
    const session = await desk.page.context().newCDPSession(desk.page);
    await session.send('Animation.enable');
    await session.send('Animation.setPlaybackRate', { playbackRate: 0 });
    await button(desk, 'Put on hold').click();
    await desk.page.getByRole('dialog').waitFor();
    await desk.page.mouse.click((box?.x ?? 0) + 20, (box?.y ?? 0) + 20);
    await session.send('Animation.setPlaybackRate', { playbackRate: 1 });
    await button(desk, 'Question about the order').click();
    await becomes({ holdReason: 'QUESTION' });
  });

  it('is not paused by the digits of a scanned code', async () => {
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Put on hold').click();
    await desk.page.getByRole('dialog').waitFor();
    await scan(desk.page, '123456789');
    await desk.page.getByText('No current order has the number 123456789.').waitFor();
    await desk.page.keyboard.press('2');
    await becomes({ holdReason: 'TOOL_DOWN' });
  });

  it('is put on hold with a comment that was pasted with characters that nobody sees', async () => {
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Put on hold').click();
    const dialog = desk.page.getByRole('dialog');
    // As contact lists and messengers give a phone number to the clipboard.
    await dialog.getByLabel('Comment').fill('Call \u202a+7 912 345-67-89\u202c first.');
    await dialog.getByRole('button', { name: 'No material' }).click();
    await desk.page.locator('.hold-note').getByText('Call +7 912 345-67-89 first.', { exact: true }).waitFor();
    const buttons = desk.page.locator('main');
    await buttons.getByRole('button', { name: 'Resume' }).click();
    await becomes({ status: 'MANUFACTURING_STARTED' });
    await buttons.getByRole('button', { name: 'Put on hold' }).click();
    await dialog.getByRole('button', { name: 'Other' }).click();
    await dialog.getByRole('textbox').fill('\u200eAsk Ann.');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await desk.page.locator('.hold-note').getByText('Ask Ann.', { exact: true }).waitFor();
  });

  it('is not put on hold with a part of a comment without a word about the rest', async () => {
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Put on hold').click();
    const dialog = desk.page.getByRole('dialog');
    const full = dialog.getByText('No more fits: a comment has at most 2,000 characters.');
    await dialog.getByLabel('Comment').click();
    await desk.page.keyboard.insertText('x'.repeat(1_999));
    expect(await full.count()).toBe(0);
    await desk.page.keyboard.insertText('the rest');
    await full.waitFor();
    expect(await dialog.getByLabel('Comment').inputValue()).toBe(`${'x'.repeat(1_999)}t`);
  });

  it('is put on hold again with the same comment when resuming it is undone', async () => {
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Put on hold').click();
    await desk.page.getByRole('dialog').getByLabel('Comment').fill('Waits for gold.');
    await desk.page.getByRole('dialog').getByRole('button', { name: 'No material' }).click();
    const note = desk.page.locator('.hold-note').getByText('Waits for gold.');
    await note.waitFor();
    await desk.page.locator('main').getByRole('button', { name: 'Resume' }).click();
    await notice(desk, ' is yours.').getByRole('button', { name: 'Put on hold' }).click();
    await becomes({ status: 'ON_HOLD', holdReason: 'MATERIAL_MISSING' });
    await note.waitFor();

    // On the board, nothing has shown the comment before.
    await desk.open('/board');
    await button(desk, `Move order ${String(order.number)}`).click();
    await desk.page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await notice(desk, ' is yours.').getByRole('button', { name: 'Put on hold' }).click();
    await becomes({ status: 'ON_HOLD', holdReason: 'MATERIAL_MISSING' });
    await desk.open(`/orders/${order.id}`);
    await note.waitFor();
  });

  it('is undone only if nobody has changed it since', async () => {
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Take order').click();
    await notice(desk, ' is yours.').waitFor();
    await workshop.move(order, 'ON_HOLD', 'boris', 'Stop.');
    await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
    await notice(desk, ' is yours.').getByRole('button', { name: 'Return to queue' }).click();
    await notice(desk, ' was not changed. Its status is still “In production”.').waitFor();
    expect((await workshop.order(order)).status).toBe('MANUFACTURING_STARTED');
  });

  it('stays undone when the keys that undo are pressed twice', async () => {
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Take order').click();
    await notice(desk, ' is yours.').waitFor();
    await desk.page.keyboard.press('Control+z');
    const undone = notice(desk, ': New.');
    await undone.waitFor();
    await desk.page.keyboard.press('Control+z');
    // A press of the keys that did something has closed the notice.
    await undone.getByRole('button', { name: 'Take order' }).click();
    await becomes({ status: 'MANUFACTURING_STARTED' });
    await notice(desk, ' is yours.').waitFor();
    // What the button has done again, the keys undo.
    await desk.page.keyboard.press('Control+z');
    await becomes({ status: 'NEW' });
  });

  it('gets no due date from the digits of a scanned code', async () => {
    const desk = await workshop.signedIn({ role: 'admin', name: 'eva' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Change due date').click();
    const field = desk.page.getByLabel('Due date and time');
    await field.focus();
    await scan(desk.page, '123456789');
    await desk.page.getByText('No current order has the number 123456789.').waitFor();
    // A date that is half typed is none to the page, but the user sees it.
    expect(
      await field.evaluate((one) => (one as unknown as { validity: { badInput: boolean } }).validity.badInput),
    ).toBe(false);
  });

  it('makes one step when Enter is held down', async () => {
    const desk = await workshop.signedIn({ name: 'anna' });
    const { keyboard } = desk.page;
    const sent: string[] = [];
    desk.page.on('request', (request) => {
      if (request.method() === 'PATCH') sent.push(request.postData() ?? '');
    });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Take order').focus();
    await keyboard.down('Enter');
    await desk.page.locator('button[aria-label^="Mark as manufactured"]:focus').waitFor();
    for (let repeats = 0; repeats < 5; repeats += 1) await keyboard.down('Enter');
    await desk.painted();
    await keyboard.up('Enter');
    expect(sent).toHaveLength(1);
    await keyboard.press('Enter');
    await becomes({ status: 'MANUFACTURING_COMPLETED' });
  });

  it('says that a changed field is being sent', async () => {
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    let arrive = (): void => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    await desk.page.route(`**/api/v1/orders/${order.id}`, async (route) => {
      if (route.request().method() === 'PATCH') await arrival;
      await route.fallback();
    });
    await button(desk, 'Change priority').click();
    await desk.page.getByRole('dialog').getByRole('button', { name: 'Urgent' }).click();
    const sending = desk.page.locator('.facts').getByRole('status').filter({ hasText: 'Sending…' });
    await sending.waitFor();
    arrive();
    await becomes({ priority: 'URGENT' });
    await sending.waitFor({ state: 'detached' });
  });

  it('can be changed after a change that has left it as it was', async () => {
    await workshop.change(order, { dueAt: new Date(Math.ceil(Date.now() / DAY) * DAY + 2 * DAY).toISOString() });
    const desk = await workshop.signedIn({ role: 'admin', name: 'eva' });
    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Change due date').click();
    await button(desk, 'Save').click();
    await notice(desk, ': due').waitFor();
    await eventually(() => button(desk, 'Change due date').isEnabled());
  });

  it('gets a due date from an administrator, who can clear it and take that back', async () => {
    const dueAt = new Date(Math.ceil(Date.now() / DAY) * DAY + 2 * DAY);
    const desk = await workshop.signedIn({ role: 'admin', name: 'eva' });
    const colleague = await workshop.signedIn({ name: 'anna' });
    await colleague.open(`/orders/${order.id}`);
    await colleague.live();
    expect(await button(colleague, 'Change due date').count()).toBe(0);

    await desk.open(`/orders/${order.id}`);
    await button(desk, 'Change due date').click();
    const local = await desk.page.evaluate(
      `(() => { const date = new Date(${String(dueAt.getTime())});
        return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16); })()`,
    );
    await desk.page.getByLabel('Due date and time').fill(String(local));
    await button(desk, 'Save').click();
    await becomes({ dueAt: dueAt.toISOString() });
    // The screens of others follow.
    await colleague.page.locator('.facts').getByText('in 2 days').or(colleague.page.getByText('in 3 days')).waitFor();

    await button(desk, 'Change due date').click();
    await desk.page.getByRole('dialog').getByRole('button', { name: 'No due date', exact: true }).click();
    await becomes({ dueAt: undefined });
    await notice(desk, ': no due date.').getByRole('button', { name: 'Back to: due' }).click();
    await becomes({ dueAt: dueAt.toISOString() });
  });

  it.each(['viewer', 'partner'] as const)('shows a %s everything and no button that changes it', async (role) => {
    const fresh = await workshop.create();
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    await workshop.change(order, { priority: 'HIGH' });
    const desk = await workshop.signedIn({ role });
    await desk.open(`/orders/${order.id}`);
    await desk.page.locator('.timeline').getByText('Priority: Normal → High').waitFor();
    await desk.page.locator('.times').getByText('In production').waitFor();
    expect(await desk.page.locator('main button').allInnerTexts()).toEqual(['‹ Back', 'Print job sheet']);
    await desk.open(`/orders/${fresh.id}`);
    await desk.page.locator('.times').waitFor();
    expect(await desk.page.locator('main button').allInnerTexts()).toEqual(['‹ Back', 'Print job sheet']);
  });

  describe('when its change meets another one', () => {
    it('tells what is true now, and overwrites it only if the user wants that', async () => {
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.open(`/orders/${order.id}`);
      await button(desk, 'Change priority').click();
      await desk.page.getByRole('dialog').waitFor();
      await workshop.change(order, { priority: 'HIGH' });
      await desk.page.locator('.facts').getByText('High', { exact: true }).waitFor();
      await desk.page.getByRole('dialog').getByRole('button', { name: 'Urgent' }).click();
      const conflict = notice(desk, ' has changed since you opened it. Now: New, priority “High”.');
      await conflict.waitFor();
      expect((await workshop.order(order)).priority).toBe('HIGH');
      await conflict.getByRole('button', { name: 'Change to: priority “Urgent”' }).click();
      await notice(desk, ': priority “Urgent”.').waitFor();
      expect((await workshop.order(order)).priority).toBe('URGENT');
    });

    it('puts nothing on hold that somebody else has taken while the dialog was open', async () => {
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.open(`/orders/${order.id}`);
      await button(desk, 'Put on hold').click();
      await desk.page.getByRole('dialog').waitFor();
      await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
      await desk.page.locator('.facts').getByText('boris').waitFor();
      await desk.page.getByRole('dialog').getByRole('button', { name: 'No material' }).click();
      await notice(desk, ' was already taken by boris.').waitFor();
      expect((await workshop.order(order)).status).toBe('MANUFACTURING_STARTED');
    });

    it.each([
      ['put on hold', 'Put on hold', 'ON_HOLD', 'On hold', 'Other'],
      ['cancelled', 'Cancel order', 'CANCELLED', 'Cancelled', 'Confirm'],
    ])(
      'and it was %s already, the comment of the user is not said to be saved',
      async (_, step, to, status, confirm) => {
        const desk = await workshop.signedIn({ name: 'anna' });
        await desk.open(`/orders/${order.id}`);
        await button(desk, step).click();
        const dialog = desk.page.getByRole('dialog');
        await dialog.waitFor();
        await workshop.move(order, to, 'boris', 'The stone is loose.');
        await desk.page.locator('.timeline').getByText('The stone is loose.').waitFor();
        await dialog.locator('textarea').fill('Waits for gold.');
        await dialog.getByRole('button', { name: confirm }).click();
        const result = desk.page.locator('.notice > span');
        expect(await result.innerText()).toBe(
          `Order ${String(order.number)} already has the status “${status}”. Your comment was not saved: “Waits for gold.”`,
        );
        expect(await desk.page.locator('.timeline').getByText('Waits for gold.').count()).toBe(0);
      },
    );

    it('is not handed over to a name that nobody has confirmed', async () => {
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const other = await workshop.create();
      await workshop.move(other, 'MANUFACTURING_STARTED', 'boris');
      const desk = await workshop.signedIn({ name: 'anna' });
      const { keyboard } = desk.page;
      const dialog = desk.page.getByRole('dialog');
      await desk.open(`/orders/${order.id}`);
      await button(desk, 'Hand over').click();
      await button(desk, 'boris').waitFor();
      await dialog.getByRole('textbox').fill('borsi');
      await keyboard.down('Enter');
      await dialog.getByText('No orders in progress were found for borsi. Is the name spelt correctly?').waitFor();
      // The browser repeats a key that is held.
      await dialog.getByRole('button', { name: 'Hand over anyway', disabled: false }).waitFor();
      await keyboard.down('Enter');
      await keyboard.up('Enter');
      expect(await dialog.count()).toBe(1);
      // A second press before anybody can have read the question.
      await dialog.getByRole('textbox').fill('bosri');
      await desk.page.clock.install();
      await desk.page.clock.pauseAt(Date.now() + 60_000);
      await keyboard.press('Enter');
      await dialog.getByText('found for bosri.').waitFor();
      await keyboard.press('Enter');
      expect(await dialog.count()).toBe(1);
      await desk.page.clock.resume();
      expect((await workshop.order(order)).assignee).toBe('anna');
      // A known name needs no confirmation.
      await dialog.getByRole('textbox').fill('boris');
      await dialog.getByRole('button', { name: 'Hand over', exact: true, disabled: false }).waitFor();
      await keyboard.press('Enter');
      await notice(desk, ': assigned to boris.').waitFor();
    });

    it('is handed over without a question to an operator who has only old orders', async () => {
      const old = await workshop.create();
      await workshop.move(old, 'MANUFACTURING_STARTED', 'olga');
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const table = await OrdersTable.connect(workshop.database.url);
      await table.query(insertOrders(200));
      await table.query(`UPDATE orders SET status = 'PACKAGING', assignee = 'kira' WHERE created_by = 'sql'`);
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.open(`/orders/${order.id}`);
      await button(desk, 'Hand over').click();
      await button(desk, 'kira').waitFor();
      expect(await button(desk, 'olga').count()).toBe(0);
      await desk.page.getByRole('dialog').getByRole('textbox').fill('olga');
      await desk.page.keyboard.press('Enter');
      await notice(desk, ': assigned to olga.').waitFor();
      await table.query(`DELETE FROM orders WHERE created_by = 'sql'`);
      await table.close();
    });

    it('asks before it is handed over to a name that could not be looked up', async () => {
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.open(`/orders/${order.id}`);
      await button(desk, 'Hand over').click();
      await desk.page.route('**/api/v1/orders?*assignee=nadia*', (route) => route.fulfill({ status: 503, json: {} }));
      const dialog = desk.page.getByRole('dialog');
      await dialog.getByRole('textbox').fill('nadia');
      await desk.page.keyboard.press('Enter');
      await dialog.getByText('Couldn’t check whether nadia has orders in progress.').waitFor();
      await dialog.getByRole('button', { name: 'Hand over anyway', disabled: false }).waitFor();
      await desk.page.keyboard.press('Enter');
      await notice(desk, ': assigned to nadia.').waitFor();
    });

    it('says that the order has the operator already whom it is handed over to', async () => {
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.open(`/orders/${order.id}`);
      await button(desk, 'Hand over').click();
      const dialog = desk.page.getByRole('dialog');
      // As a contact list gives a name to the clipboard.
      await dialog.getByRole('textbox').fill('\u2068anna\u2069 ');
      await desk.page.keyboard.press('Enter');
      await dialog.getByText('The order is assigned to anna already.').waitFor();
      expect(await dialog.getByRole('button', { name: 'Hand over', exact: true }).count()).toBe(1);
    });

    it('says who has the order if it was handed over meanwhile', async () => {
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.open(`/orders/${order.id}`);
      await button(desk, 'Hand over').click();
      await desk.page.getByRole('dialog').waitFor();
      await workshop.change(order, { assignee: 'boris' });
      await desk.page.locator('.facts').getByText('boris').waitFor();
      await desk.page.getByRole('dialog').getByRole('textbox').fill('kira');
      await desk.page.keyboard.press('Enter');
      await confirmName(desk, 'kira', () => button(desk, 'Hand over anyway').click());
      await notice(desk, ' has changed since you opened it. Now: In production, assigned to boris.').waitFor();
      expect((await workshop.order(order)).assignee).toBe('boris');
      // What the user may still do is not blocked.
      await eventually(() => button(desk, 'Put on hold').isEnabled());
    });
  });

  describe('whose change has no response', () => {
    let proxy: TcpProxy;
    let desk: Operator;

    beforeEach(async () => {
      proxy = await TcpProxy.open(workshop.api.url);
      desk = await workshop.signedIn({ name: 'anna' }, proxy.url);
      desk.page.context().setDefaultTimeout(PATIENCE_MS);
      await desk.open(`/orders/${order.id}`);
    });

    afterEach(async () => {
      await workshop.clear();
      await proxy.close();
    });

    async function makeUrgent(): Promise<void> {
      await button(desk, 'Change priority').click();
      await desk.page.getByRole('dialog').getByRole('button', { name: 'Urgent' }).click();
    }

    it('is reported as changed if it was', async () => {
      proxy.breakAfter((chunk) => chunk.toString('latin1').includes('PATCH '));
      await makeUrgent();
      await notice(desk, ': priority “Urgent”.').waitFor();
      expect((await workshop.order(order)).priority).toBe('URGENT');
      await eventually(() => button(desk, 'Change priority').isEnabled());
    });

    it('is reported as not changed if it was not, and can then be changed', async () => {
      let isLost = true;
      await desk.page.route(`**/api/v1/orders/${order.id}`, async (route) => {
        if (!isLost || route.request().method() !== 'PATCH') return route.fallback();
        isLost = false;
        return route.abort('connectionreset');
      });
      await makeUrgent();
      const unchanged = notice(desk, ' was not changed. Still: priority “Normal”.');
      await unchanged.waitFor();
      await unchanged.getByRole('button', { name: 'Change to: priority “Urgent”' }).click();
      await notice(desk, ': priority “Urgent”.').waitFor();
    });
  });

  it.each([
    ['1234.5678', 'EUR', '€1,234.5678'],
    ['1.5', 'JPY', 'JP¥1.5'],
    ['0.10', 'EUR', '€0.10'],
  ])('shows a price of %s %s as it was given', async (amount, currency, shown) => {
    const { id } = await workshop.create({ price: { amount, currency } });
    const desk = await workshop.signedIn();
    await desk.open(`/orders/${id}`);
    expect(
      await desk.page
        .locator('.facts div', { hasText: /^Price/ })
        .locator('dd')
        .innerText(),
    ).toBe(shown);
  });

  it('is no wider than a phone when a name has no place to break', async () => {
    const name = `konstantin.preobrazhensky@${'jewellery'.repeat(4)}.example`;
    const long = await workshop.create({ product: { name: 'R'.repeat(90) } });
    await workshop.change(long, { dueAt: new Date(Date.now() + DAY).toISOString() });
    await workshop.move(long, 'MANUFACTURING_STARTED', name);
    const desk = await workshop.signedIn({ name, viewport: PHONE });
    for (const [path, shown] of [
      [`/orders/${long.id}`, '.timeline li:nth-child(2)'],
      ['/dashboard', '.workload a'],
      ['/mine', '.card'],
    ] as const) {
      await desk.open(path);
      await desk.page.locator(shown).first().waitFor();
      const width = await desk.page.evaluate('document.documentElement.scrollWidth');
      expect({ path, width }).toEqual({ path, width: PHONE.width });
    }
  });

  it.each(LANGUAGES.flatMap((language) => SCREENS.map((viewport) => ({ language, viewport, width: viewport.width }))))(
    'moves nothing when the order changes, in $language at $width px',
    async ({ language, viewport }) => {
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await workshop.signedIn({ name: 'anna', language, viewport });
      const { page } = desk;
      await desk.open(`/orders/${order.id}`);
      await desk.live();
      await page.locator('.timeline').waitFor();
      const places = (): Promise<unknown> =>
        page.evaluate(`
          [...document.querySelectorAll('.moves > .primary, .facts')].map((one) => {
            const { x, y } = one.getBoundingClientRect();
            return [x, y + scrollY];
          })
        `);
      const before = await places();
      const token = await workshop.api.token('operator', 'anna');
      for (const change of [
        { status: 'ON_HOLD', reason: 'TOOL_DOWN', comment: 'The laser is cold. '.repeat(20) },
        { status: 'MANUFACTURING_STARTED' },
        { status: 'MANUFACTURING_COMPLETED' },
        { status: 'PACKAGING' },
      ]) {
        const request = { method: 'PATCH', token, body: change };
        expect((await workshop.api.call(`/api/v1/orders/${order.id}/status`, request)).status).toBe(200);
        await page.locator(`.order-heading .status-${change.status.toLowerCase()}`).waitFor();
        if (change.comment !== undefined) await page.locator('.hold-note').getByText('The laser is cold.').waitFor();
        expect({ status: change.status, places: await places() }).toEqual({ status: change.status, places: before });
      }
      let send = (): void => undefined;
      const sent = new Promise<void>((resolve) => (send = resolve));
      await page.route(`**/orders/${order.id}/status`, async (route) => {
        await sent;
        await route.continue();
      });
      await page.locator('.moves > .primary').click();
      await page.locator('.sending').waitFor();
      expect(await places()).toEqual(before);
      send();
      await becomes({ status: 'SHIPPED' });
    },
  );

  describe.each(LANGUAGES)('in %s', (language) => {
    it('looks good on every screen: nothing overflows, and fingers hit', async () => {
      const name = `eva-${language}`;
      await workshop.move(order, 'MANUFACTURING_STARTED', name);
      await workshop.move(await workshop.create(), 'MANUFACTURING_STARTED', 'boris-of-the-second-shift');
      await workshop.change(order, { priority: 'URGENT', dueAt: new Date(Date.now() + 3 * DAY).toISOString() });
      await workshop.move(order, 'ON_HOLD', name, 'Waits for gold.');
      await workshop.move(order, 'MANUFACTURING_STARTED', name);
      await workshop.change(order, { assignee: 'olga' });
      await workshop.change(order, { assignee: name });
      for (const viewport of SCREENS) {
        const touch = viewport === PHONE;
        const desk = await workshop.signedIn({ role: 'admin', name, language, viewport, touch });
        const { page } = desk;
        const look = async (screen: string): Promise<void> => {
          await page.screenshot({
            path: resolve(SCREENSHOTS, `order-${screen}-${language}-${String(viewport.width)}.png`),
            fullPage: !screen.startsWith('dialog'),
          });
          const width = await page.evaluate<number>('document.documentElement.scrollWidth');
          expect(width).toBeLessThanOrEqual(viewport.width);
          expect({ screen, viewport, found: await violations(page) }).toEqual({ screen, viewport, found: [] });
          const scope = screen.startsWith('dialog') ? 'dialog' : 'main';
          for (const target of await page.locator(`${scope} button:visible`).all()) {
            const box = await target.boundingBox();
            expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(TARGET);
          }
        };
        const openDialog = async (index: number, screen: string, within = '.moves'): Promise<void> => {
          await page.locator(`main ${within} > button:enabled, main ${within} dd > button:enabled`).nth(index).click();
          await page.getByRole('dialog').waitFor();
          await look(screen);
          await page.keyboard.press('Escape');
          await page.getByRole('dialog').waitFor({ state: 'detached' });
        };
        await desk.open('/mine');
        await page.locator('.card').waitFor();
        await desk.live();
        await look('mine');
        await desk.open(`/orders/${order.id}`);
        await page.locator('.timeline li').nth(6).waitFor();
        await page.locator('.times').waitFor();
        await desk.live();
        await look('page');
        await openDialog(1, 'dialog-hold');
        await openDialog(3, 'dialog-hand-over');
        await openDialog(0, 'dialog-priority', '.facts');
        await openDialog(1, 'dialog-due', '.facts');
        await page.locator('.moves > button').nth(1).click();
        await page.locator('.choices button').nth(0).click();
        await page.locator('.hold-note').waitFor();
        await page.locator('.notice').waitFor();
        await look('held');
        await workshop.move(order, 'MANUFACTURING_STARTED', name);
      }
    });
  });
});
