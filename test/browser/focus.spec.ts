import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { insertOrders } from '../support/test-orders.js';
import { holdResponse } from './support/hold-response.js';
import type { Operator } from './support/operators-page.js';
import { scan } from './support/scan.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** The most presses of Tab from the list to a notice. */
const MOST_TABS = 60;

/** Longer than a key is ignored that nobody can have meant, in milliseconds. */
const PAUSE_MS = 600;

describe('the focus', () => {
  let workshop: Workshop;
  let desk: Operator;
  let orders: WorkshopOrder[];
  let first: WorkshopOrder;

  beforeAll(async () => {
    workshop = await Workshop.open();
  }, OPENING_MS);

  beforeEach(async () => {
    first = await workshop.create({ product: { name: 'Ring' } });
    orders = [first, await workshop.create(), await workshop.create()];
    desk = await workshop.signedIn({ name: 'anna' });
    await desk.row(first.id).waitFor();
  });

  afterEach(async () => {
    await workshop.clear();
    // The next test sees its own orders, without scrolling.
    for (const order of orders) {
      if ((await workshop.order(order)).status === 'NEW') await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
    }
  });

  afterAll(() => workshop.close());

  /** Whether an element that fits the selector has the focus. */
  function has(selector: string): Promise<boolean> {
    return desk.page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`);
  }

  /** Waits until an element that fits the selector has the focus. */
  async function focused(selector: string): Promise<void> {
    await eventually(() => has(selector));
  }

  async function press(button: ReturnType<Operator['page']['locator']>): Promise<void> {
    await button.focus();
    await desk.page.keyboard.press('Enter');
  }

  /** Selects an order of the queue, to be taken together with others. */
  async function pick(): Promise<void> {
    await desk.page.getByRole('grid').focus();
    await desk.page.keyboard.press('Home');
    await desk.painted();
    await desk.page.keyboard.press('Space');
    await desk.page.locator('.picks').waitFor();
  }

  it('goes from the bar of the selected orders back to the list', async () => {
    await pick();
    await press(desk.page.locator('.picks').getByRole('button', { name: 'Clear' }));
    await focused('.grid');
    await pick();
    await press(desk.page.locator('.picks').getByRole('button', { name: 'Take' }));
    await focused('.grid');
  });

  it('goes from a notice back to where it was, and not to the next notice', async () => {
    for (const { id } of orders.slice(0, 2)) await desk.row(id).getByRole('button', { name: 'Take' }).click();
    await desk.page.locator('.notice').nth(1).waitFor();
    await focused('.grid');
    await press(desk.page.locator('.notice').first().getByRole('button', { name: 'Return to queue' }));
    await focused('.grid');
    await press(desk.page.locator('.notice').last().getByRole('button', { name: 'Close' }));
    await focused('.grid');
  });

  it('stays on the card of the board whose order was moved, or goes to another one', async () => {
    await desk.open('/board');
    await desk.row(first.id).getByRole('link').focus();
    await desk.page.keyboard.press('m');
    await press(desk.page.getByRole('dialog').getByRole('button', { name: 'Take order' }));
    await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
    await desk.page.locator('.notice-good').waitFor();
    await focused('.board-card a');
  });

  it('stays with the buttons of an order, also if a change fails', async () => {
    await desk.open(`/orders/${first.id}`);
    await press(desk.page.getByRole('button', { name: 'Take order' }));
    await focused('.moves button.primary');
    const overloaded = { status: 503, contentType: 'application/problem+json', body: '{"code":"OVERLOADED"}' };
    await desk.page.route('**/api/v1/orders/*', (route) =>
      route.request().method() === 'PATCH' ? route.fulfill(overloaded) : route.fallback(),
    );
    const change = desk.page.getByRole('button', { name: 'Change priority' });
    await press(change);
    await desk.page.getByRole('dialog').getByRole('button', { name: 'High' }).click();
    await desk.page.locator('.notice', { hasText: 'not' }).waitFor();
    await focused('[aria-label^="Change priority"]');
  });

  it.each([
    ['next', 1, 2],
    ['previous', 2, 1],
  ])('goes to the %s card of My work when an order leaves it', async (name, leaves, follows) => {
    for (const order of orders) await workshop.move(order, 'MANUFACTURING_STARTED', name);
    desk = await workshop.signedIn({ name });
    await desk.open('/mine');
    const cards = desk.page.locator('.card');
    await cards.nth(2).waitFor();
    const next = await cards.nth(follows).getByRole('link').getAttribute('href');
    await press(cards.nth(leaves).getByRole('button', { name: 'Return to queue' }));
    await desk.page.locator('.notice-good').waitFor();
    await desk.page.mouse.move(0, 0);
    await focused(`.card a[href="${next ?? ''}"]`);
  });

  it('goes to the first card that more cards of My work begin with', async () => {
    const table = await OrdersTable.connect(workshop.database.url);
    await table.query(insertOrders(60));
    await table.query(
      `UPDATE orders SET status = 'MANUFACTURING_STARTED', assignee = 'maria' WHERE created_by = 'sql'`,
    );
    desk = await workshop.signedIn({ name: 'maria' });
    await desk.open('/mine');
    const cards = desk.page.locator('.card');
    await cards.first().waitFor();
    const before = await cards.count();
    await press(desk.page.getByRole('button', { name: 'Show more' }));
    await eventually(async () => (await cards.count()) > before);
    await focused(`.card:nth-child(${before + 1}) a`);
    await table.query(`UPDATE orders SET status = 'CLOSED' WHERE created_by = 'sql'`);
    await table.close();
  });

  it('goes to the next card of the board when an order leaves its column', async () => {
    await desk.open('/board');
    const cards = desk.page.locator('[data-status=NEW] .board-card');
    await cards.nth(2).waitFor();
    const [moved, next] = await Promise.all([1, 2].map((index) => cards.nth(index).getAttribute('id')));
    await cards.nth(1).getByRole('link').focus();
    await workshop.move({ id: (moved ?? '').replace('order-', '') }, 'MANUFACTURING_STARTED', 'boris');
    await focused(`[id="${next ?? ''}"] a`);
  });

  it('goes to the heading of a screen that a key has opened, once it is loaded, and back to the list', async () => {
    const { keyboard } = desk.page;
    const response = await holdResponse(desk.page, `**/api/v1/orders/${first.id}`);
    await desk.page.getByRole('grid').focus();
    await keyboard.press('Home');
    await desk.painted();
    await keyboard.press('Enter');
    await response.answered;
    expect(await has('body')).toBe(true);
    response.release();
    await headingIs(`Order ${String(first.number)}`);
    await desk.page.goBack();
    await focused('.grid');
    await keyboard.press('Enter');
    await headingIs(`Order ${String(first.number)}`);
    await press(desk.page.getByRole('button', { name: 'Back' }));
    await focused('.grid');
    await scan(desk.page, String(orders[1]?.number).padStart(4, '0'));
    await headingIs(`Order ${String(orders[1]?.number)}`);

    await desk.open('/board');
    await press(desk.row(first.id).getByRole('link'));
    await headingIs(`Order ${String(first.number)}`);
    await press(desk.page.getByRole('button', { name: 'Back' }));
    await headingIs('Board');

    async function headingIs(name: string): Promise<void> {
      await desk.page.getByRole('heading', { level: 1, name }).waitFor();
      await focused('h1');
      expect(await desk.page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('none');
    }
  });

  it('stays with the button that clears the filters', async () => {
    await desk.open('/?priority=HIGH');
    const clear = desk.page.getByRole('button', { name: 'Clear filters' });
    await press(clear);
    await desk.page.waitForURL(/^[^?]*$/);
    await desk.row(first.id).waitFor();
    await focused('[aria-disabled=true]');
    await desk.page.keyboard.press('Enter');
    await focused('[aria-disabled=true]');
  });

  it('is not taken from a user who has left it, or from a text field', async () => {
    await desk.open('/board');
    const search = desk.page.locator('.filter-bar').getByLabel('Search');
    await search.focus();
    await workshop.move(first, 'MANUFACTURING_STARTED', 'boris');
    // For a moment, its card is in the column that it has left as well.
    await cardIn('In production').waitFor();
    await focused('input');
    await cardIn('In production').getByRole('link').focus();
    await desk.page.locator('h1').click();
    await focused('body');
    await workshop.move(first, 'MANUFACTURING_COMPLETED', 'boris');
    await cardIn('Manufactured').waitFor();
    await focused('body');

    function cardIn(name: string): ReturnType<Operator['page']['locator']> {
      return desk.page.getByRole('region', { name }).locator(`[id="order-${first.id}"]`);
    }
  });

  it('goes from a notice back to where it was if the notice was reached by Tab or by the pointer', async () => {
    const { keyboard } = desk.page;
    const close = desk.page.locator('.notice').getByRole('button', { name: 'Close' });
    for (const leave of [tabToClose, () => close.click()]) {
      await desk
        .row(orders.shift()?.id ?? '')
        .getByRole('button', { name: 'Take' })
        .click();
      await close.waitFor();
      await focused('.grid');
      await leave();
      await close.waitFor({ state: 'detached' });
      await focused('.grid, .grid *');
    }

    async function tabToClose(): Promise<void> {
      for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
        await keyboard.press('Tab');
        if (await has('.notice [aria-label^=Close]')) break;
      }
      await keyboard.press('Enter');
    }
  });

  it('goes back to a text field, but not on a phone, whose keyboard would appear', async () => {
    const phone = await workshop.signedIn({ name: 'boris', viewport: { width: 390, height: 844 }, touch: true });
    for (const one of [desk, phone]) {
      const { page } = one;
      await page.evaluate('navigator.clipboard.writeText = async () => undefined');
      await page.getByRole('button', { name: 'Saved views' }).click();
      await page.getByRole('menuitem', { name: 'Copy link to this view' }).click();
      const close = page.locator('.notice').getByRole('button', { name: 'Close' });
      await close.waitFor();
      if (one === phone) await page.getByRole('button', { name: 'Filters' }).click();
      const search = page.locator('.filter-bar').getByLabel('Search');
      await search.click();
      await search.fill('ring');
      await (one === phone ? close.tap() : close.click());
      await close.waitFor({ state: 'detached' });
      await one.painted();
      const isInField = await page.evaluate<boolean>(`document.activeElement.matches('[type=search]')`);
      expect({ isPhone: one === phone, isInField }).toEqual({ isPhone: one === phone, isInField: one === desk });
    }
  });

  it('is not given back to a button that was disabled if the user has pressed something else meanwhile', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await desk.page.route('**/api/v1/orders/*/status', async (route) => {
      await released;
      await route.fallback();
    });
    await desk.open(`/orders/${first.id}`);
    await desk.page.getByRole('button', { name: 'Take order' }).click();
    await desk.page.locator('.order-moves').getByText('Sending…').waitFor();
    await desk.page.locator('h1').click();
    await focused('body');
    release();
    await desk.page.getByRole('button', { name: 'Mark as manufactured' }).and(desk.page.locator(':enabled')).waitFor();
    await desk.painted();
    await focused('body');
  });

  it('does not let a key act where nobody can have seen it yet', async () => {
    await desk.open('/board');
    await desk.leave();
    const highest = desk.page.locator('[data-status=NEW] .board-card').first();
    const id = ((await highest.getAttribute('id')) ?? '').replace('order-', '');
    await highest.getByRole('link').focus();
    // M and Enter are pressed as soon as the focus has gone to another card.
    await desk.page.evaluate(`
      const press = (code, key) =>
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { code, key, bubbles: true, cancelable: true }));
      const pressBoth = () => {
        press('KeyM', 'm');
        globalThis.isIgnored = !press('Enter', 'Enter');
      };
      document.addEventListener('focusin', () => setTimeout(pressBoth), { once: true });
    `);
    await workshop.move({ id }, 'MANUFACTURING_STARTED', 'boris');
    await eventually(() => desk.page.evaluate<boolean>('globalThis.isIgnored !== undefined'));
    expect(await desk.page.evaluate('globalThis.isIgnored')).toBe(true);
    await desk.page.waitForTimeout(PAUSE_MS);
    expect(await desk.page.getByRole('dialog').count()).toBe(0);
    await desk.page.keyboard.press('m');
    await desk.page.getByRole('dialog').waitFor();
  });
});
