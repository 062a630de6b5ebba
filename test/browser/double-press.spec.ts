import type { Locator } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

const PHONE = { name: 'anna', viewport: { width: 390, height: 844 }, touch: true };
const DESK = { name: 'anna' };
/** The room that a press needs, in pixels. */
const ROOM = 12;

/** An element that appears by an animation. */
interface Appearing {
  getAnimations(): { readonly finished: Promise<unknown> }[];
}

type Point = readonly [x: number, y: number];

describe('the second press of a double click, in a browser', () => {
  let workshop: Workshop;
  let table: OrdersTable;
  /** The changes that the page has asked for. */
  let changes: string[];

  beforeAll(async () => {
    workshop = await Workshop.open();
    table = await OrdersTable.connect(workshop.database.url);
  }, OPENING_MS);

  beforeEach(() => {
    changes = [];
  });

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

  async function at(path: string, options: Parameters<Workshop['signedIn']>[0]): Promise<Operator> {
    const desk = await workshop.signedIn(options);
    await desk.open(path);
    await desk.live();
    desk.page.on('request', (request) => {
      if (request.method() === 'PATCH') changes.push(request.url());
    });
    return desk;
  }

  /** A point at which the first element covers one of the others. Undefined if there is none. */
  async function pointOver(upper: Locator, lower: Locator): Promise<Point | undefined> {
    const above = await upper.boundingBox();
    for (const one of await lower.all()) {
      const below = await one.boundingBox();
      if (!above || !below) continue;
      const left = Math.max(above.x, below.x);
      const right = Math.min(above.x + above.width, below.x + below.width);
      const top = Math.max(above.y, below.y);
      const bottom = Math.min(above.y + above.height, below.y + below.height);
      if (right - left > ROOM && bottom - top > ROOM) return [(left + right) / 2, (top + bottom) / 2];
    }
    return undefined;
  }

  /** Scrolls until the first element covers one of the others. */
  async function scrolledOver(scroller: Locator, upper: Locator, lower: Locator): Promise<Point> {
    for (let top = 0; top < 300; top += 20) {
      await scroller.evaluate((element: { scrollTop: number }, by) => {
        element.scrollTop = by;
      }, top);
      const point = await pointOver(upper, lower);
      if (point) return point;
    }
    throw new Error('the elements are nowhere above each other');
  }

  /** Waits until what has just appeared can be pressed. */
  async function settled(shown: Locator): Promise<void> {
    await shown.evaluate((element: Appearing) => Promise.all(element.getAnimations().map(({ finished }) => finished)));
  }

  /** The button that a press hits as soon as a card of the board has opened its dialog. */
  function pressedAtOnce({ page }: Operator, point: Point): Promise<string | undefined> {
    return page.evaluate<string | undefined>(`(async () => {
      document.querySelector('.board-card button').click();
      await new Promise(requestAnimationFrame);
      if (!document.querySelector('dialog[open]')) throw new Error('there is no dialog');
      return document.elementFromPoint(${point.join()})?.closest('button')?.innerText;
    })()`);
  }

  async function pressTwice({ page }: Operator, [x, y]: Point, isTouch = false): Promise<void> {
    if (!isTouch) return page.mouse.dblclick(x, y);
    await page.touchscreen.tap(x, y);
    await page.touchscreen.tap(x, y);
  }

  it.each([
    ['a mouse', 'Clear', DESK],
    ['a finger', 'Clear', PHONE],
    ['a finger', 'Take 1 order', PHONE],
  ])('by %s on “%s” does not go through the bar of selected orders', async (_by, name, options) => {
    const [picked] = await createOrders(20);
    const desk = await at('/', options);
    const { page } = desk;
    await desk
      .row(picked?.id ?? '')
      .getByRole('checkbox')
      .click();
    const button = page.locator('.picks').getByRole('button', { name });
    const point = await scrolledOver(page.getByRole('grid'), button, page.locator('.take'));
    await pressTwice(desk, point, 'touch' in options);
    await button.waitFor({ state: 'detached' });
    await desk.painted();
    expect(changes.length).toBe(name === 'Clear' ? 0 : 1);
    expect(changes.filter((url) => !url.endsWith('/orders/status'))).toEqual([]);
  });

  it('does not go through a menu or a notice', async () => {
    await createOrders(20);
    const desk = await at('/', PHONE);
    const { page } = desk;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Saved views' }).click();
    const item = page.getByRole('menuitem', { name: 'Copy link to this view' });
    const inMenu = await scrolledOver(page.getByRole('grid'), item, page.locator('.take, .pick'));
    await pressTwice(desk, inMenu, true);
    await desk.painted();
    expect(changes).toEqual([]);
    const close = page.locator('.notice').getByRole('button', { name: 'Close' });
    await close.waitFor();
    expect(await page.locator('.picks').count()).toBe(0);
    const onNotice = await scrolledOver(page.getByRole('grid'), close, page.locator('.take'));
    await settled(page.locator('.notice'));
    await pressTwice(desk, onNotice, true);
    await close.waitFor({ state: 'detached' });
    await desk.painted();
    expect(changes).toEqual([]);
  });

  it('does not go through a dialog', async () => {
    for (const order of await createOrders(9)) await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    const desk = await at('/mine', DESK);
    const { page } = desk;
    const dialog = page.getByRole('dialog');
    const beneath = page.locator('.card .moves > button');
    await eventually(async () => (await page.locator('.card').count()) === 9);
    for (const card of await page.locator('.card').all()) {
      await card.getByRole('button', { name: 'Put on hold' }).click();
      const point = await pointOver(dialog.getByRole('button', { name: 'Don’t change' }), beneath);
      if (point) {
        await settled(dialog);
        await pressTwice(desk, point);
        await dialog.waitFor({ state: 'detached' });
        await desk.painted();
        expect(await dialog.count()).toBe(0);
        expect(changes).toEqual([]);
        return;
      }
      await page.keyboard.press('Escape');
    }
    throw new Error('no button is beneath the dialog');
  });

  it('makes no step in the dialog that a card of the board opens', async () => {
    await createOrders(9);
    const desk = await at('/board', PHONE);
    const { page } = desk;
    const dialog = page.getByRole('dialog');
    const arrows = page.locator('.board-column').first().getByRole('button', { name: 'Move' });
    await arrows.first().click();
    const step = dialog.getByRole('button', { name: 'Take order' });
    const point = await scrolledOver(page.locator('.board-cards').first(), step, arrows);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
    await pressTwice(desk, point, true);
    await dialog.waitFor();
    await desk.painted();
    expect(await dialog.count()).toBe(1);
    expect(changes).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await pressedAtOnce(desk, point)).not.toBe('Take order');
  });

  it('counts for what was pressed first', async () => {
    const [order] = await createOrders(1);
    const desk = await at('/', DESK);
    const box = desk.row(order?.id ?? '').getByRole('checkbox');
    await box.dblclick();
    await desk.painted();
    expect(await box.isChecked()).toBe(false);
    await box.click();
    expect(await box.isChecked()).toBe(true);
  });
});
