import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { insertOrders } from '../support/test-orders.js';
import { holdResponse } from './support/hold-response.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** The time for which a key is held down, in milliseconds. */
const HOLDING_MS = 1_000;

const NEWEST_FIRST = '/?sort=-createdAt';

/**
 * A script for the page. It presses the first button as soon as another row is the first one, before anybody can have seen that,
 * and records that it did.
 */
const PRESS_WHEN_MOVED = `
  const first = () => [...document.querySelectorAll('.grid-body [role=row]')]
    .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)[0];
  const before = first().id;
  new MutationObserver((_, observer) => {
    if (first().id === before) return;
    observer.disconnect();
    first().querySelector('.take').click();
    globalThis.pressed = true;
  }).observe(document.querySelector('.grid-body'), { subtree: true, childList: true, attributes: true });
`;

/** A script for the page. It types a letter as soon as the page has decided that the typing pauses. */
const TYPE_WHEN_REPORTED = `
  const { setTimeout } = window;
  window.setTimeout = (run, ...rest) =>
    setTimeout(() => {
      const typed = document.activeElement?.value;
      run();
      if (rest[0] === 250 && typed === 'rin') document.execCommand('insertText', false, 'g');
    }, ...rest);
`;

describe('the queue while somebody is at it, in a browser', () => {
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

  /** Creates orders one after another. The last one is the newest. */
  async function createOrders(count: number): Promise<[WorkshopOrder, WorkshopOrder, ...WorkshopOrder[]]> {
    const orders: WorkshopOrder[] = [];
    for (let i = 0; i < count; i += 1) orders.push(await workshop.create());
    return orders as [WorkshopOrder, WorkshopOrder, ...WorkshopOrder[]];
  }

  async function atNewest(name: string, touch = false): Promise<Operator> {
    const desk = await workshop.signedIn({ name, touch });
    await desk.open(NEWEST_FIRST);
    await desk.live();
    await desk.page.locator('.grid-body [role=row]').first().waitFor();
    // The browser reports no movement for the first event after a page was opened.
    await desk.leave();
    return desk;
  }

  /** The numbers of the orders in the rows, from top to bottom. */
  async function rowsOf({ page }: Operator): Promise<number[]> {
    const rows = page.locator('.grid-body [role=row]');
    const found = await rows.evaluateAll((all) =>
      (all as unknown as { ariaRowIndex: string; querySelector(s: string): { textContent: string } }[])
        .sort((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex))
        .map((row) => Number(row.querySelector('.cell-number').textContent)),
    );
    return found;
  }

  /** The id of the order whose row is at a point of the screen. */
  function orderAt({ page }: Operator, x: number, y: number): Promise<string> {
    return page.evaluate(
      `document.elementFromPoint(${x}, ${y}).closest('.grid-body [role=row]').id.replace('order-', '')`,
    );
  }

  /** Waits until a script in the page has pressed a button or a key. */
  async function pressed({ page }: Operator): Promise<void> {
    await eventually(() => page.evaluate<boolean>('globalThis.pressed === true'));
  }

  async function takenBy(name: string): Promise<string[]> {
    const rows = await table.query<{ id: string }>('SELECT id FROM orders WHERE assignee = $1 ORDER BY number', [name]);
    return rows.map(({ id }) => id);
  }

  it.each([1280, 820, 390])('moves no row when the connection is lost and restored, at %d px', async (width) => {
    const [, order] = await createOrders(3);
    const desk = await workshop.signedIn({ name: 'anna', viewport: { width, height: 800 } });
    const { page } = desk;
    await desk.live();
    const place = await desk.row(order.id).boundingBox();
    await page.context().setOffline(true);
    await page.getByText('You are offline.').waitFor();
    expect(await desk.row(order.id).boundingBox()).toEqual(place);
    await page.context().setOffline(false);
    await page.getByText('You are offline.').waitFor({ state: 'detached' });
    expect(await desk.row(order.id).boundingBox()).toEqual(place);
  });

  it.each([
    ['/?sort=createdAt', '.grid', '.grid [role=row]'],
    ['/board', '.board-column:has(.board-card) ul', '.board-card'],
    ['/mine', 'html', '.card'],
    ['/dashboard', 'html', '.panel'],
  ])(
    'moves nothing at the end of %s when the connection is lost and restored, and hides nothing',
    async (at, scroller, last) => {
      await table.query(insertOrders(40));
      if (at === '/mine') await table.query(`UPDATE orders SET status = 'MANUFACTURING_STARTED', assignee = 'anna'`);
      const desk = await workshop.signedIn({ name: 'anna', viewport: { width: 390, height: 700 }, language: 'ru' });
      const { page } = desk;
      await desk.open(at);
      await desk.live();
      await page.locator(last).nth(2).waitFor();
      /** Scrolls to the end, and returns where the last element is. */
      const atTheEnd = async (): Promise<unknown> => {
        await page.evaluate(`document.querySelector('${scroller}').scrollTo({ top: 1e6, behavior: 'instant' })`);
        await desk.painted();
        return lastPlace();
      };
      const lastPlace = (): Promise<{ top: number; bottom: number }> =>
        page.evaluate(`(() => {
        const places = [...document.querySelectorAll('${last}')].map((one) => one.getBoundingClientRect());
        const { top, bottom } = places.sort((a, b) => b.bottom - a.bottom)[0];
        return { top, bottom };
      })()`);
      const place = await atTheEnd();
      await page.context().setOffline(true);
      const banner = page.locator('.banner');
      await banner.waitFor();
      expect(await lastPlace()).toEqual(place);
      expect(await atTheEnd()).toEqual(place);
      expect((await lastPlace()).bottom).toBeLessThanOrEqual((await banner.boundingBox())?.y ?? 0);
      await page.context().setOffline(false);
      await banner.waitFor({ state: 'detached' });
      expect(await lastPlace()).toEqual(place);
    },
  );

  it.each([
    ['en', 390],
    ['ru', 1280],
  ] as const)(
    'moves no row when the other screens are loaded and orders arrive, in %s at %d px',
    async (language, width) => {
      const [, order] = await createOrders(3);
      const desk = await workshop.atDesk({ language, viewport: { width, height: 800 } });
      const { page } = desk;
      let letLoad = (): void => undefined;
      const mayLoad = new Promise<void>((resolve) => (letLoad = resolve));
      await page.route('**/assets/my-work-page*', async (route) => {
        await mayLoad;
        await route.continue();
      });
      await desk.open('/');
      await desk.signIn({ name: 'anna' });
      await desk.live();
      await desk.row(order.id).hover();
      const place = await desk.row(order.id).boundingBox();
      const styled = page.waitForResponse(/my-work-page.*css/);
      letLoad();
      await (await styled).finished();
      for (let i = 0; i < 10; i += 1) await workshop.create({ priority: 'URGENT' });
      await page.locator('.held').getByText('10').waitFor();
      expect(await desk.row(order.id).boundingBox()).toEqual(place);
    },
  );

  it('takes the order that was under the pointer when it was aimed at, while others arrive', async () => {
    const orders = await createOrders(6);
    const [desk, colleague] = await Promise.all([atNewest('anna'), atNewest('boris')]);
    const aimed: string[] = [];
    for (const { id } of orders.slice(1, 5)) {
      const button = await desk.row(id).getByRole('button', { name: 'Take' }).boundingBox();
      const [x, y] = [(button?.x ?? 0) + 20, (button?.y ?? 0) + 20];
      await desk.page.mouse.move(x, y);
      aimed.push(await orderAt(desk, x, y));
      const arrival = await workshop.create();
      // The other screen shows that the order has arrived.
      await colleague.row(arrival.id).waitFor();
      await desk.page.mouse.click(x, y);
      await eventually(async () => (await takenBy('anna')).length === aimed.length);
    }
    expect(await takenBy('anna')).toEqual([...aimed].sort());
  });

  it('keeps arrivals behind a button while the pointer is over it, and shows them on request', async () => {
    const orders = await createOrders(3);
    const desk = await atNewest('anna');
    const before = await rowsOf(desk);
    await desk.row(orders[0].id).hover();
    await createOrders(3);
    await desk.page.getByRole('button', { name: '3 new orders' }).waitFor();
    expect(await rowsOf(desk)).toEqual(before);
    await eventually(async () => (await desk.page.title()) === '6 new orders – MES Orders');
    await desk.page.getByRole('button', { name: '3 new orders' }).click();
    await eventually(async () => (await rowsOf(desk)).length === 6);
    await desk.page.getByRole('button', { name: 'new order' }).waitFor({ state: 'detached' });
  });

  it('follows the orders when nobody is at it', async () => {
    const [first] = await createOrders(2);
    const desk = await atNewest('anna');
    await desk.row(first.id).hover();
    const arrival = await workshop.create();
    await desk.page.getByRole('button', { name: '1 new order' }).waitFor();
    await desk.leave();
    await desk.row(arrival.id).waitFor();
    await desk.row((await workshop.create()).id).waitFor();
  });

  it('keeps rows that have left in their places, and does not let them be pressed', async () => {
    const [first, second] = await createOrders(3);
    const desk = await atNewest('anna');
    const before = await rowsOf(desk);
    await desk.row(first.id).hover();
    await workshop.move(second, 'MANUFACTURING_STARTED', 'boris');
    await desk.row(second.id).getByText('Taken by boris').waitFor();
    await desk.page.getByRole('button', { name: 'Update the list' }).waitFor();
    expect(await desk.row(second.id).getByRole('button').count()).toBe(0);
    await workshop.create();
    await desk.page.getByRole('button', { name: '1 new order' }).waitFor();
    expect(await rowsOf(desk)).toEqual(before);
    await desk.page.getByRole('button', { name: '1 new order' }).click();
    await desk.row(second.id).waitFor({ state: 'detached' });
  });

  it('gives the focus to the list when its changes are shown', async () => {
    const [first] = await createOrders(2);
    const desk = await atNewest('anna');
    await desk.row(first.id).hover();
    const arrival = await workshop.create();
    await desk.page.getByRole('button', { name: '1 new order' }).press('Enter');
    await desk.row(arrival.id).waitFor();
    await eventually(async () => (await desk.page.evaluate('document.activeElement.role')) === 'grid');
  });

  it('says that an order is the user’s own if it was taken in another tab', async () => {
    const [first, second] = await createOrders(2);
    const desk = await atNewest('anna');
    await desk.row(first.id).hover();
    await workshop.move(second, 'MANUFACTURING_STARTED', 'anna');
    await desk.row(second.id).locator('.departure').waitFor();
    expect(await desk.row(second.id).locator('.departure').innerText()).toBe('Yours');
  });

  it('keeps its places while keys are pressed in it, until Escape', async () => {
    await createOrders(3);
    const desk = await atNewest('anna');
    const before = await rowsOf(desk);
    await desk.page.keyboard.press('ArrowDown');
    const arrival = await workshop.create();
    await desk.page.getByRole('button', { name: '1 new order' }).waitFor();
    expect(await rowsOf(desk)).toEqual(before);
    await desk.page.keyboard.press('Escape');
    await desk.row(arrival.id).waitFor();
  });

  it('keeps its places for some seconds after a touch', async () => {
    const [first] = await createOrders(3);
    const desk = await atNewest('anna', true);
    const before = await rowsOf(desk);
    // The page has the arrival right after the touch, however long the API takes.
    const list = await holdResponse(desk.page, '**/api/v1/orders?*');
    const arrival = await workshop.create();
    await list.answered;
    await desk.row(first.id).locator('.cell-customer').tap();
    list.release();
    await desk.page.getByRole('button', { name: '1 new order' }).waitFor();
    expect(await rowsOf(desk)).toEqual(before);
    await desk.row(arrival.id).waitFor();
  });

  it('goes on saying that a row is the user’s own, however long it is shown', async () => {
    await table.query(insertOrders(60));
    const desk = await workshop.signedIn({ name: 'anna' });
    const { page } = desk;
    await page.clock.install();
    await desk.open(NEWEST_FIRST);
    await desk.live();
    const rows = page.locator('.grid-body [role=row]');
    await rows.first().waitFor();
    await page.locator('.grid').evaluate((grid: { scrollTop: number }) => {
      grid.scrollTop = 100;
    });
    // A second order is taken, so that the first one is not the last.
    for (const index of [8, 9]) await rows.nth(index).getByRole('button', { name: 'Take' }).click();
    const own = page.locator('.departure', { hasText: 'Yours' });
    await own.nth(1).waitFor();
    await page.clock.fastForward('10:00');
    await desk.live();
    await desk.painted();
    expect(await own.count()).toBe(2);
  });

  it('does not call an order the user’s own that somebody else has taken since', async () => {
    const [order] = await createOrders(2);
    const desk = await workshop.atDesk();
    // Without events, the page does not hear who has taken it.
    await desk.page.route('**/api/v1/events', (route) => route.fulfill({ status: 403 }));
    await desk.open(NEWEST_FIRST);
    await desk.signIn({ name: 'anna' });
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await desk.row(order.id).getByText('Yours').waitFor();
    await workshop.move(order, 'NEW', 'anna');
    await desk.row(order.id).getByRole('button', { name: 'Take' }).hover();
    await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
    await desk.row(order.id).locator('.departure').waitFor();
    expect(await desk.row(order.id).locator('.departure').innerText()).toBe('No longer in this list');
  });

  it('ignores a press on a row that has just moved by itself', async () => {
    await createOrders(3);
    const desk = await atNewest('anna', true);
    await desk.page.evaluate(PRESS_WHEN_MOVED);
    const { id } = await workshop.create();
    await pressed(desk);
    // A press a moment later is meant.
    await desk.row(id).getByRole('button', { name: 'Take' }).tap();
    await eventually(async () => (await takenBy('anna')).length > 0);
    await desk.page.locator('.notice-good').waitFor();
    expect(await takenBy('anna')).toEqual([id]);
    expect(await desk.page.locator('.notice').count()).toBe(1);
  });

  describe('the selected order', () => {
    function selected({ page }: Operator): Promise<string | null> {
      return page.locator('.grid-body [aria-selected=true]').getAttribute('id');
    }

    it('is followed by its neighbour when the user takes it', async () => {
      const orders = await createOrders(3);
      const desk = await atNewest('anna');
      await desk.page.keyboard.press('ArrowDown');
      await desk.page.keyboard.press('ArrowDown');
      await desk.page.keyboard.press('t');
      await eventually(async () => (await selected(desk)) === `order-${orders[0].id}`);
      await desk.row(orders[1].id).getByText('Yours').waitFor();
      expect(await takenBy('anna')).toEqual([orders[1].id]);
      // The last one has no next one.
      await desk.page.keyboard.press('ArrowDown');
      await desk.page.keyboard.press('t');
      await eventually(async () => (await selected(desk)) === `order-${orders[2]?.id ?? ''}`);
    });

    it('is followed by its neighbour when somebody else takes it', async () => {
      const orders = await createOrders(3);
      const desk = await atNewest('anna');
      await desk.page.keyboard.press('ArrowDown');
      await desk.page.keyboard.press('ArrowDown');
      await workshop.move(orders[1], 'MANUFACTURING_STARTED', 'boris');
      await eventually(async () => (await selected(desk)) === `order-${orders[0].id}`);
      await desk.page.keyboard.press('Escape');
      await desk.row(orders[1].id).waitFor({ state: 'detached' });
    });

    it('is the only one that is taken when T is pressed twice or held down', async () => {
      const orders = await createOrders(5);
      const desk = await atNewest('anna');
      await desk.page.keyboard.press('ArrowDown');
      for (let i = 0; i < 2; i += 1) await desk.page.keyboard.press('t');
      await desk.page.locator('.notice-good').waitFor();
      const newest = orders[4]?.id ?? '';
      await eventually(async () => (await selected(desk)) === `order-${orders[3]?.id ?? ''}`);
      // The key repeats for longer than it takes to see another order selected.
      const end = performance.now() + HOLDING_MS;
      while (performance.now() < end) await desk.page.keyboard.down('t');
      await desk.page.keyboard.up('t');
      expect(await takenBy('anna')).toEqual([newest]);
    });

    it('is not taken if the page has only just selected it', async () => {
      const orders = await createOrders(3);
      const desk = await atNewest('anna');
      await desk.page.keyboard.press('ArrowDown');
      // T is pressed as soon as the selection has moved.
      await desk.page.evaluate(`
        const grid = document.querySelector('.grid');
        const before = grid.getAttribute('aria-activedescendant');
        new MutationObserver((_, observer) => {
          if (grid.getAttribute('aria-activedescendant') === before) return;
          observer.disconnect();
          grid.dispatchEvent(new KeyboardEvent('keydown', { key: 't', code: 'KeyT', bubbles: true }));
          globalThis.pressed = true;
        }).observe(grid, { attributes: true });
      `);
      await workshop.move(orders[2] ?? orders[0], 'MANUFACTURING_STARTED', 'boris');
      await pressed(desk);
      await desk.page.keyboard.press('ArrowDown');
      await desk.page.keyboard.press('t');
      await eventually(async () => (await takenBy('anna')).length > 0);
      expect(await takenBy('anna')).toEqual([orders[0].id]);
    });
  });

  it('shows as overdue what is shown as late, and counts it', async () => {
    const [late, soon] = await createOrders(2);
    await table.query(
      `UPDATE orders SET due_at = now() - interval '1 second', created_at = now() - interval '1 day' WHERE id = $1`,
      [late.id],
    );
    await table.query(`UPDATE orders SET due_at = now() + interval '50 seconds' WHERE id = $1`, [soon.id]);
    const desk = await workshop.signedIn();
    await desk.open('/?due=overdue');
    await desk.row(late.id).locator('.late').waitFor();
    expect(await rowsOf(desk)).toEqual([late.number]);
    await desk.page.locator('.queue-count', { hasText: '1 of 2 new orders' }).waitFor();
    expect(await desk.page.title()).toBe('1 of 2 new orders – MES Orders');
  });

  it('shows its number and its rows without a break while time passes', async () => {
    await table.query(insertOrders(120));
    await table.query(`UPDATE orders SET due_at = now() - interval '1 hour', created_at = now() - interval '1 day'`);
    const desk = await workshop.signedIn();
    const { page } = desk;
    await page.clock.install();
    await desk.open('/?due=overdue');
    await page.getByText('120 of 120 new orders').waitFor();
    await page.evaluate(`
      globalThis.seen = new Set();
      new MutationObserver(() => {
        const { ariaBusy, textContent } = document.querySelector('main');
        seen.add(ariaBusy + document.querySelector('.queue-count').textContent);
      }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    `);
    // The API is asked for what is overdue by then.
    const answers = [
      page.waitForResponse('**/api/v1/orders?*dueBefore*'),
      page.waitForResponse('**/count?*dueBefore*'),
    ];
    await page.clock.fastForward('06:00');
    await Promise.all(answers);
    await desk.painted();
    expect(await page.evaluate('[...seen]')).toEqual(['false120 of 120 new orders']);
  });

  it('counts the orders that are not loaded yet', async () => {
    await table.query(insertOrders(120));
    const desk = await workshop.signedIn();
    await desk.page.getByText('120 new orders').waitFor();
    await eventually(async () => (await desk.page.title()) === '120 new orders – MES Orders');
    await workshop.create();
    await eventually(async () => (await desk.page.title()) === '121 new orders – MES Orders');
  });

  it('sorts by a column', async () => {
    const [normal] = await createOrders(2);
    const urgent = await workshop.create({ priority: 'URGENT' });
    const due = await workshop.create({ dueAt: new Date(Date.now() + 3_600_000).toISOString() });
    const desk = await workshop.signedIn();
    const header = (name: string) => desk.page.getByRole('columnheader', { name });
    const first = async (): Promise<number | undefined> => (await rowsOf(desk))[0];
    await desk.row(urgent.id).waitFor();
    // The most urgent orders come first if nothing else is asked for.
    expect(await first()).toBe(urgent.number);
    expect(await header('Priority').getAttribute('aria-sort')).toBe('descending');
    await header('Due').getByRole('button').click();
    await eventually(async () => (await first()) === due.number);
    expect(await header('Due').getAttribute('aria-sort')).toBe('ascending');
    expect(await header('Priority').getAttribute('aria-sort')).toBeNull();
    await header('Waiting').getByRole('button').click();
    await eventually(async () => (await first()) === normal.number);
    await header('Waiting').getByRole('button').click();
    await eventually(async () => (await first()) === due.number);
    expect(new URL(desk.page.url()).search).toBe('?sort=-createdAt');
  });

  it('loses no letter that is typed while a filter takes effect', async () => {
    const desk = await workshop.signedIn({ initScript: TYPE_WHEN_REPORTED });
    const search = desk.page.getByRole('searchbox');
    await search.pressSequentially('rin');
    await desk.page.waitForURL((url) => url.searchParams.get('q') === 'ring');
    expect(await search.inputValue()).toBe('ring');
  });

  it('undoes a filter with Back, and typing is one step', async () => {
    await createOrders(2);
    const desk = await workshop.signedIn();
    const { page } = desk;
    const search = page.getByRole('searchbox');
    const address = (): string => new URL(page.url()).search;
    await desk.row((await workshop.create({ priority: 'HIGH' })).id).waitFor();
    await page.getByRole('checkbox', { name: 'High' }).check();
    const length = await page.evaluate<number>('history.length');
    for (const text of ['r', 'ri', 'rin']) {
      await search.fill(text);
      await page.waitForURL((url) => url.searchParams.get('q') === text);
    }
    expect(await page.evaluate<number>('history.length')).toBe(length + 1);
    await page.goBack();
    expect(address()).toBe('?priority=HIGH');
    await eventually(async () => (await search.inputValue()) === '');
    await page.goBack();
    expect(address()).toBe('');
    await eventually(async () => (await rowsOf(desk)).length === 3);
  });

  describe('my work', () => {
    it('keeps its places while the pointer is over it', async () => {
      const [first, second] = await createOrders(2);
      for (const order of [first, second]) await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.open('/mine');
      await desk.live();
      const cards = desk.page.getByRole('listitem');
      await desk.leave();
      await cards.nth(1).hover();
      const before = await cards.getByRole('link').allInnerTexts();
      await workshop.move(first, 'MANUFACTURING_COMPLETED', 'anna');
      await workshop.move(first, 'PACKAGING', 'anna');
      await workshop.move(first, 'SHIPPED', 'anna');
      await desk.page.getByText('No longer in this list').waitFor();
      expect(await cards.getByRole('link').allInnerTexts()).toEqual(before);
      await desk.leave();
      await eventually(async () => (await cards.count()) === 1);
    });

    /** Opens the work of anna on a phone, where the cards are below each other. */
    async function atMine(): Promise<Operator> {
      const desk = await workshop.signedIn({ name: 'anna', viewport: { width: 390, height: 844 } });
      await desk.open('/mine');
      await desk.live();
      await desk.page.locator('.card').first().waitFor();
      await desk.leave();
      return desk;
    }

    async function createPackaged(): Promise<WorkshopOrder> {
      const order = await workshop.create();
      for (const status of ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING']) {
        await workshop.move(order, status, 'anna');
      }
      return order;
    }

    it('leaves every card where it is when an order leaves', async () => {
      const first = await createPackaged();
      await createPackaged();
      const desk = await atMine();
      const cards = desk.page.locator('.card');
      await cards.nth(1).hover();
      const before = await cards.nth(1).boundingBox();
      await workshop.move(first, 'SHIPPED', 'anna');
      await desk.page.locator('.card.departing').waitFor();
      expect(await cards.nth(1).boundingBox()).toEqual(before);
      expect(await cards.first().getByRole('button').count()).toBe(0);
    });

    it('keeps its places while the page is scrolled', async () => {
      const first = await createPackaged();
      for (let i = 1; i < 4; i += 1) await createPackaged();
      const desk = await atMine();
      await desk.page.locator('.card').nth(3).waitFor();
      await desk.page.mouse.wheel(0, 200);
      await eventually(() => desk.page.evaluate('scrollY > 100'));
      await workshop.move(first, 'SHIPPED', 'anna');
      await desk.page.locator('.card.departing').waitFor();
      await desk.page.mouse.wheel(0, -200);
      await desk.page.locator('.card.departing').waitFor({ state: 'detached' });
    });

    it('opens an order at its top, and is scrolled as before when the user comes back', async () => {
      for (let i = 0; i < 5; i += 1) await createPackaged();
      const { page } = await atMine();
      await page.locator('.card').nth(4).getByRole('link').scrollIntoViewIfNeeded();
      const before = await page.evaluate<number>('scrollY');
      expect(before).toBeGreaterThan(100);
      // The first time, the order has to be loaded.
      for (let visits = 0; visits < 2; visits += 1) {
        await page.locator('.card').nth(4).getByRole('link').click();
        await page.locator('.timeline li').first().waitFor();
        expect(await page.evaluate('scrollY')).toBe(0);
        await page.goBack();
        await eventually(async () => (await page.evaluate('scrollY')) === before);
      }
    });

    it('keeps a dialog with its text when the order leaves, also while the tab is hidden', async () => {
      const [order] = await createOrders(2);
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await atMine();
      const { page } = desk;
      await page.getByRole('button', { name: 'Put on hold' }).click();
      const dialog = page.getByRole('dialog');
      const comment = dialog.getByLabel('Comment');
      await comment.fill('The stone is cracked.');
      await page.evaluate(`
        Object.defineProperty(document, 'hidden', { get: () => true });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
      const refreshed = page.waitForResponse('**/api/v1/orders?*');
      await workshop.change(order, { assignee: 'boris' });
      await refreshed;
      await page.getByText('No longer in this list').or(page.getByText('You have no orders')).waitFor();
      expect(await dialog.count()).toBe(1);
      expect(await comment.inputValue()).toBe('The stone is cracked.');
      await page.keyboard.press('Escape');
      await page.getByText('You have no orders in progress.').waitFor();
    });

    it('follows again after a comment that was so long that its field was scrolled', async () => {
      const [order] = await createOrders(2);
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await atMine();
      const { page } = desk;
      await page.getByRole('button', { name: 'Put on hold' }).click();
      const dialog = page.getByRole('dialog');
      const comment = dialog.getByLabel('Comment');
      await comment.fill('The stone is cracked.\n'.repeat(12));
      await comment.evaluate((field) => {
        (field as unknown as { scrollTop: number }).scrollTop = 100;
      });
      await desk.painted();
      await dialog.getByRole('button', { name: 'No material' }).click();
      await page.locator('.hold-note').waitFor();
      await desk.leave();
      await workshop.change(order, { assignee: 'boris' });
      await page.getByText('You have no orders in progress.').waitFor();
    });

    it('ignores a press on a card that has just moved by itself', async () => {
      const first = await createPackaged();
      const second = await workshop.create();
      await workshop.move(second, 'MANUFACTURING_STARTED', 'anna');
      const desk = await atMine();
      await desk.page.evaluate(`
        const first = () => document.querySelector('.card a').textContent;
        const before = first();
        new MutationObserver((_, observer) => {
          if (first() === before) return;
          observer.disconnect();
          const { x, y } = document.querySelector('.card .moves .primary').getBoundingClientRect();
          document.elementFromPoint(x + 20, y + 20).click();
          globalThis.pressed = true;
        }).observe(document.querySelector('.cards'), { subtree: true, childList: true, characterData: true });
      `);
      await workshop.move(first, 'SHIPPED', 'anna');
      await pressed(desk);
      // A press a moment later is meant.
      await desk.page.getByRole('button', { name: 'Mark as manufactured' }).click();
      await desk.page.locator('.notice-good').waitFor();
      expect(await workshop.order(second)).toMatchObject({ status: 'MANUFACTURING_COMPLETED' });
      expect(await desk.page.locator('.notice').count()).toBe(1);
    });

    it.each((['en', 'ru'] as const).flatMap((language) => [1280, 390, 320].map((width) => ({ language, width }))))(
      'moves nothing when an order changes, in $language at $width px',
      async ({ language, width }) => {
        const [first] = await createOrders(5);
        await table.query(`UPDATE orders SET status = 'MANUFACTURING_STARTED', assignee = 'anna'`);
        const dueAt = new Date(Date.now() + 9 * 86_400_000).toISOString();
        await workshop.change(first, { dueAt, priority: 'URGENT' });
        const desk = await workshop.signedIn({ name: 'anna', language, viewport: { width, height: 900 } });
        const { page } = desk;
        await desk.open('/mine');
        await desk.live();
        const card = page.locator('.card').first();
        await card.getByRole('link', { name: String(first.number) }).waitFor();
        await page.locator('.card').nth(4).waitFor();
        await desk.leave();
        await page.locator('.card').nth(1).hover();
        /** Where the cards and their parts are on the page. */
        const places = (): Promise<unknown> =>
          page.evaluate(`
          [...document.querySelectorAll('.card, .card-heading > *, .card > p, .card .moves > .primary')].map((one) => {
            const { x, y, width, height } = one.getBoundingClientRect();
            return [x, y + scrollY, height, ...(one.className.startsWith('mark') ? [] : [width])];
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
          expect((await workshop.api.call(`/api/v1/orders/${first.id}/status`, request)).status).toBe(200);
          await card.locator(`.status-${change.status.toLowerCase()}`).waitFor();
          if (change.comment !== undefined) await card.getByText('The laser is cold.').waitFor();
          expect({ status: change.status, places: await places() }).toEqual({ status: change.status, places: before });
        }
        let send = (): void => undefined;
        const sent = new Promise<void>((resolve) => (send = resolve));
        await page.route(`**/orders/${first.id}/status`, async (route) => {
          await sent;
          await route.continue();
        });
        await card.locator('.moves > .primary').click();
        await card.locator('.sending').waitFor();
        expect(await places()).toEqual(before);
        send();
        await card.locator('.departure').waitFor();
        expect((await workshop.order(first)).status).toBe('SHIPPED');
      },
    );

    it('gives the focus to a card when the changes are shown', async () => {
      const first = await createPackaged();
      await createPackaged();
      const desk = await atMine();
      await desk.page.locator('.card').nth(1).hover();
      await workshop.move(first, 'SHIPPED', 'anna');
      await desk.page.getByRole('button', { name: 'Update the list' }).press('Enter');
      await desk.page.locator('.card.departing').waitFor({ state: 'detached' });
      await eventually(() =>
        desk.page.evaluate<boolean>(`document.activeElement === document.querySelector('.card a')`),
      );
    });

    it('shows more when that is asked for while it is refreshed', async () => {
      await table.query(insertOrders(60));
      await table.query(`UPDATE orders SET status = 'MANUFACTURING_STARTED', assignee = 'anna'`);
      const desk = await atMine();
      const { page } = desk;
      let answer: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (answer = resolve));
      await page.route('**/api/v1/orders?*', async (route) => {
        await held;
        await route.continue();
      });
      const refreshing = page.waitForRequest('**/api/v1/orders?*');
      await workshop.create();
      await refreshing;
      await page.getByRole('button', { name: 'Show more' }).click();
      answer();
      await page.locator('.card').nth(59).waitFor();
    });

    it('tells how many orders there are, also of those that are not loaded', async () => {
      await table.query(insertOrders(60));
      await table.query(`UPDATE orders SET status = 'MANUFACTURING_STARTED', assignee = 'anna'`);
      const desk = await atMine();
      await eventually(async () => (await desk.page.title()).startsWith('60 orders in my work'));
      expect(await desk.page.locator('.card').count()).toBeLessThan(60);
    });

    it('reads once why an order is on hold', async () => {
      const [paused, other] = await createOrders(2);
      await workshop.move(paused, 'MANUFACTURING_STARTED', 'anna');
      await workshop.move(paused, 'ON_HOLD', 'anna', 'Waits for gold.');
      const desk = await workshop.signedIn({ name: 'anna' });
      const reads: string[] = [];
      desk.page.on('request', (request) => {
        if (request.url().endsWith('/history')) reads.push(request.url());
      });
      await desk.open('/mine');
      await desk.live();
      await desk.page.getByText('Waits for gold.').waitFor();
      await desk.leave();
      await workshop.move(other, 'MANUFACTURING_STARTED', 'anna');
      await desk.page.getByText(`Order ${String(other.number)}`).waitFor();
      // After a wake-up, everything that may have changed is loaded again.
      const refreshed = desk.page.waitForResponse('**/api/v1/orders?*');
      await desk.page.evaluate('document.dispatchEvent(new Event("resume"))');
      await refreshed;
      await desk.live();
      await eventually(() => desk.page.getByRole('button', { name: 'Resume' }).isEnabled());
      expect(reads).toHaveLength(1);
      await workshop.change(paused, { priority: 'HIGH' });
      await eventually(() => reads.length === 2);
    });

    it('does one step on a double click', async () => {
      const [order] = await createOrders(2);
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await workshop.signedIn({ name: 'anna' });
      await desk.open('/mine');
      await desk.page.evaluate(`
        new MutationObserver((_, observer) => {
          const button = document.querySelector('.card .moves .primary');
          if (button?.textContent !== 'Send to packaging') return;
          observer.disconnect();
          button.click();
          globalThis.pressed = true;
        }).observe(document, { subtree: true, childList: true, characterData: true });
      `);
      await desk.page.getByRole('button', { name: 'Mark as manufactured' }).click();
      await pressed(desk);
      await desk.page.locator('#content').getByRole('button', { name: 'Send to rework' }).isEnabled();
      expect((await workshop.order(order)).status).toBe('MANUFACTURING_COMPLETED');
    });
  });
});
