import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Locator } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { violations } from './support/accessibility.js';
import type { Language } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** The folder of the screenshots. */
const SCREENSHOTS = resolve('coverage/screenshots');

const LANGUAGES: readonly Language[] = ['en', 'ru'];
const SCREENS = [
  ['a desk', { width: 1280, height: 800 }],
  ['a tablet', { width: 820, height: 1180 }],
  ['a phone', { width: 390, height: 844 }],
  ['a small phone', { width: 320, height: 640 }],
  ['a desk, magnified twice', { width: 640, height: 400 }],
] as const;
const PHONE = SCREENS[2][1];
const DESKS = LANGUAGES.flatMap((language) => SCREENS.map(([name, viewport]) => ({ language, name, viewport })));

const LONG_NAME = 'Общество с ограниченной ответственностью «Ювелирный дом Константинопольского»';
const LONG_TEXT = 'Кольцо помолвочное с бриллиантом и двадцатью четырьмя сапфирами по ободку';
const HEBREW_NAME = 'דוד כהן';
const TARGET = 44;

/** What the tests read of an element. */
interface Scrollable {
  readonly className: string;
  readonly scrollWidth: number;
  readonly clientWidth: number;
}
interface Nested {
  closest(selector: string): unknown;
}

/** A script that finds the controls of the filter bar that do not show their whole text. */
const CUT_CONTROLS = `[...document.querySelectorAll('.filter-bar :is(button, select, input:not([type=checkbox]))')]
  .filter((control) => control.checkVisibility())
  .filter((control) => {
    const { font, inlineSize, paddingLeft, paddingRight } = getComputedStyle(control);
    if (control.localName === 'input') {
      const pen = new OffscreenCanvas(1, 1).getContext('2d');
      pen.font = font;
      return pen.measureText(control.placeholder).width > control.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    }
    control.style.cssText = 'inline-size: max-content; max-inline-size: none';
    const { inlineSize: whole } = getComputedStyle(control);
    control.style.cssText = '';
    return parseFloat(whole) > parseFloat(inlineSize) + 1;
  })
  .map((control) => control.outerHTML)`;

/** A script that finds the words of a dialog's choices that go on in another line. */
const BROKEN_WORDS = `[...document.querySelectorAll('.choices button')].flatMap((button) => {
  const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (texts.nextNode()) {
    for (const { 0: word, index } of texts.currentNode.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + word.length);
      if (range.getClientRects().length > 1) broken.push(word);
    }
  }
  return broken;
})`;

/** The time of day as the page says it. */
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });

/** A script that gives a device a clock that is hours ahead. */
function clockOf(hours: number): string {
  return `
    globalThis.Date = class extends Date {
      constructor(...values) { values.length === 0 ? super(globalThis.Date.now()) : super(...values); }
      static now() { return super.now() + ${String(hours)} * 3_600_000; }
    };
  `;
}

describe('the page on every device', () => {
  let workshop: Workshop;
  let table: OrdersTable;
  let orders: WorkshopOrder[];

  beforeAll(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    workshop = await Workshop.open();
    table = await OrdersTable.connect(workshop.database.url);
    const dueAt = new Date(Date.now() + 86_400_000).toISOString();
    orders = [
      await workshop.create({ priority: 'URGENT', customer: { id: 'C-1', name: LONG_NAME }, quantity: 150, dueAt }),
      await workshop.create({
        priority: 'HIGH',
        customer: { id: 'C-2', name: HEBREW_NAME },
        product: { name: 'Wedding band with an engraving inside and outside, polished' },
        dueAt,
      }),
      await workshop.create({ dueAt }),
      await workshop.create(),
    ];
    await table.query(
      `UPDATE orders SET number = number + 1234560, due_at = now() - interval '3 hours', created_at = now() - interval '30 days'
       WHERE id = $1`,
      [orders[0]?.id],
    );
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(async () => {
    await table.close();
    await workshop.close();
  });

  async function sizeOf(element: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
    const box = await element.boundingBox();
    if (!box) throw new Error('the element is not visible');
    return box;
  }

  describe.each(LANGUAGES)('in %s', (language) => {
    it.each(SCREENS)('fits %s: nothing overflows, and fingers hit', async (name, viewport) => {
      const desk = await workshop.signedIn({ language, viewport, name: 'anna-of-the-second-shift' });
      const { page } = desk;
      const first = desk.row(orders[0]?.id ?? '');
      await first.waitFor();
      await desk.live();
      const look = async (screen: string): Promise<void> => {
        const file = `${screen}-${language}-${String(viewport.width)}.png`;
        await page.screenshot({ path: resolve(SCREENSHOTS, file) });
        const [content, grid] = await page.evaluate<[number, number]>(
          `[document.documentElement.scrollWidth, document.querySelector('.grid')?.scrollWidth ?? 0]`,
        );
        expect(content).toBeLessThanOrEqual(viewport.width);
        expect(grid).toBeLessThanOrEqual(viewport.width);
        expect({ name, screen, found: await violations(page) }).toEqual({ name, screen, found: [] });
      };
      await look('list');

      const header = await sizeOf(page.locator('header'));
      expect(header.height).toBeLessThan(2 * TARGET);
      for (const target of await page.locator('header a, header button, main button:visible, .cell-number a').all()) {
        const { width, height } = await sizeOf(target);
        if (width > 1) expect(Math.min(width, height)).toBeGreaterThanOrEqual((await isInHead(target)) ? 20 : TARGET);
      }
      // Nothing is cut that says what to do and by when.
      const cut = await first
        .locator('.cell-number, .cell-priority, .cell-due, .cell-action')
        .evaluateAll((cells) =>
          (cells as unknown as Scrollable[]).flatMap(({ className, scrollWidth, clientWidth }) =>
            scrollWidth > clientWidth ? `${className}: ${scrollWidth - clientWidth}` : [],
          ),
        );
      expect(cut).toEqual([]);

      await page.locator('.queue-heading [aria-haspopup=menu]').click();
      await page.getByRole('menu').waitFor();
      await look('view');
      await page.keyboard.press('Escape');
      await desk.openUserMenu();
      await page.getByRole('menu').waitFor();
      await look('user');
      await page.keyboard.press('Escape');
      await first.getByRole('link').click();
      await page.locator('.timeline').waitFor();
      await look('order-page');
      await desk.open('/dashboard');
      await page.locator('.durations').waitFor();
      await look('dashboard');
    });
  });

  it.each(LANGUAGES.flatMap((language) => ['/', '/board'].map((path) => ({ language, path }))))(
    'has all filters in one row at a desk, and cuts none, in $language at $path',
    async ({ language, path }) => {
      const desk = await workshop.signedIn({ language });
      const { page } = desk;
      await desk.open(path);
      await page.locator(`[id="order-${orders[2]?.id ?? ''}"]`).waitFor();
      const controls = page.locator('.filter-bar').locator('input:visible, select:visible, button:visible');
      /** How far the middles of the controls are apart. */
      const unevenness = async (): Promise<number> => {
        const middles = (await Promise.all((await controls.all()).map(sizeOf))).map(({ y, height }) => y + height / 2);
        return Math.max(...middles) - Math.min(...middles);
      };
      expect(await controls.count()).toBeGreaterThan(7);
      expect(await unevenness()).toBeLessThan(2);
      expect(await page.evaluate(CUT_CONTROLS)).toEqual([]);
      await page.locator('.filter-bar input[type=checkbox]').first().check();
      await page.waitForURL('**priority=URGENT**');
      expect(await unevenness()).toBeLessThan(2);
    },
  );

  function isInHead(target: Locator): Promise<boolean> {
    return target.evaluate((element: Nested) => element.closest('.grid-head') !== null);
  }

  it('is not reloaded by pulling it down on a phone', async () => {
    const desk = await workshop.signedIn({ viewport: PHONE, touch: true });
    const behaviour = 'getComputedStyle(document.documentElement).overscrollBehaviorY';
    expect(await desk.page.evaluate(behaviour)).toBe('contain');
  });

  it('shows cards on a phone, with a button as wide as the card, and folds the filters', async () => {
    const desk = await workshop.signedIn({ viewport: PHONE, touch: true, name: 'anna' });
    const { page } = desk;
    const card = desk.row(orders[0]?.id ?? '');
    await card.waitFor();
    const take = await sizeOf(card.getByRole('button'));
    const outer = await sizeOf(card);
    expect(take.width).toBeGreaterThan(outer.width - 2 * TARGET);
    const text = await card.innerText();
    for (const shown of ['Signet ring', 'Gold 585', '× 150', 'Urgent', 'late']) expect(text).toContain(shown);

    const search = page.getByRole('searchbox');
    expect(await search.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Filters', exact: true }).tap();
    await page.getByRole('checkbox', { name: 'High' }).tap();
    await page.getByRole('button', { name: 'Show orders' }).tap();
    await page.getByRole('button', { name: 'Filters (1)' }).waitFor();
    await card.waitFor({ state: 'detached' });
    expect(await search.isVisible()).toBe(false);

    const other = desk.row((await workshop.create({ priority: 'HIGH' })).id);
    await other.getByRole('button', { name: /^Take order \d+$/ }).tap();
    await other.getByText('Yours').waitFor();
  });

  it.each(['comfortable', 'compact'])('cuts nothing on a card with long names, in a %s list', async (density) => {
    const initScript = `localStorage.setItem('mes.list', '{"density":"${density}"}')`;
    const desk = await workshop.signedIn({ viewport: PHONE, initScript });
    const { id } = await workshop.create({
      priority: 'URGENT',
      customer: { id: 'C-1', name: LONG_TEXT },
      product: { name: LONG_TEXT },
      dueAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const card = desk.row(id);
    await card.waitFor();
    const button = await sizeOf(card.getByRole('button'));
    for (const text of ['customer', 'due']) {
      const { y, height } = await sizeOf(card.locator(`.cell-${text}`).locator('span').first());
      expect(y + height).toBeLessThanOrEqual(button.y);
    }
  });

  it('lays the list out in the same way after the other screens have loaded', async () => {
    const desk = await workshop.signedIn({ viewport: PHONE });
    const { page } = desk;
    await page.getByRole('gridcell').first().waitFor();
    const top = async (): Promise<number> => (await sizeOf(page.getByRole('grid'))).y;
    const before = await top();
    await page.getByRole('link', { name: 'My work' }).click();
    await page.getByRole('heading', { name: 'My work' }).waitFor();
    await page.getByRole('link', { name: 'Orders', exact: true }).click();
    await page.getByRole('grid').waitFor();
    expect(await top()).toBe(before);
  });

  it.each(DESKS)(
    'does not move the list when new orders wait, in $language on $name',
    async ({ language, viewport }) => {
      const desk = await workshop.signedIn({ language, viewport });
      const { page } = desk;
      await desk.row(orders[0]?.id ?? '').hover();
      const { y } = await sizeOf(page.getByRole('grid'));
      await workshop.create();
      await page.locator('.held button').waitFor();
      expect((await sizeOf(page.getByRole('grid'))).y).toBe(y);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
    },
  );

  it.each(DESKS)('breaks no word of the reasons for a hold, in $language on $name', async ({ language, viewport }) => {
    const held = await workshop.create();
    await workshop.move(held, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn({ name: 'anna', language, viewport });
    const { page } = desk;
    await desk.open(`/orders/${held.id}`);
    await page.getByRole('button', { name: language === 'ru' ? 'Поставить на паузу' : 'Put on hold' }).click();
    await page.locator('.choices button').first().waitFor();
    expect(await page.evaluate(BROKEN_WORDS)).toEqual([]);
  });

  it('shows the steps of an order one below another in the dialog of the board', async () => {
    const desk = await workshop.signedIn({ viewport: PHONE });
    await desk.open('/board');
    await desk.page
      .getByRole('button', { name: /^Move order/ })
      .first()
      .click();
    const dialog = desk.page.getByRole('dialog');
    await dialog.waitFor();
    const sizes = await Promise.all((await dialog.getByRole('button').all()).map(sizeOf));
    expect(new Set(sizes.map(({ width }) => width)).size).toBe(1);
    for (const { height } of sizes) expect(height).toBe(TARGET);
  });

  it('has one menu for the user, which works with the keyboard', async () => {
    const { page } = await workshop.signedIn({ name: 'anna' });
    const button = page.locator('header [aria-haspopup=menu]');
    await button.focus();
    await page.keyboard.press('Enter');
    const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.textContent');
    await eventually(async () => (await focused()) === 'English');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('Русский');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toBe('Sign out');
    const expectClosed = async (): Promise<void> => {
      expect(await button.getAttribute('aria-expanded')).toBe('false');
      expect(await page.evaluate(`document.activeElement.getAttribute('aria-haspopup')`)).toBe('menu');
    };
    await page.keyboard.press('Escape');
    await expectClosed();
    // Escape closes it also from its button, and before anything is painted.
    await page.keyboard.press('ArrowDown');
    await button.focus();
    await page.keyboard.press('Escape');
    await expectClosed();
    await page.evaluate(`(async () => {
      document.activeElement.click();
      await Promise.resolve();
      const escape = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true });
      document.activeElement.dispatchEvent(escape);
    })()`);
    await expectClosed();
    await page.keyboard.press('ArrowDown');
    await eventually(async () => (await focused()) === 'English');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Operator' }).waitFor();
  });

  it('remembers density and columns', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    const row = desk.row(orders[0]?.id ?? '');
    await row.waitFor();
    const { height } = await sizeOf(row);
    await page.getByRole('button', { name: 'View', exact: true }).click();
    await page.getByRole('menuitemradio', { name: 'Compact' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Material' }).click();
    await page.reload();
    await row.waitFor();
    expect((await sizeOf(row)).height).toBeLessThan(height);
    expect(await page.getByRole('columnheader', { name: 'Material' }).count()).toBe(0);
    expect(await row.innerText()).not.toContain('Gold 585');
    await page.evaluate(`localStorage.setItem('mes.list', '{"density":')`);
    await page.reload();
    await page.getByRole('columnheader', { name: 'Material' }).waitFor();
  });

  it('isolates names, and tells them in full', async () => {
    const desk = await workshop.signedIn();
    for (const name of [LONG_NAME, HEBREW_NAME]) {
      const cell = desk.page.getByTitle(name);
      await cell.waitFor();
      expect(await cell.getAttribute('dir')).toBe('auto');
      // All names of a column start at its left.
      const align = await desk.page.evaluate(`getComputedStyle(document.querySelector('[title="${name}"]')).textAlign`);
      expect(align).toBe('left');
    }
  });

  it.each([
    ['ahead', 3],
    ['behind', -3],
  ])(
    'says how long orders wait, when they are due and when they were loaded if its clock is hours %s',
    async (_, hours) => {
      const order = await workshop.create({ dueAt: new Date(Date.now() + 90 * 60_000).toISOString() });
      const desk = await workshop.signedIn({ initScript: clockOf(hours) });
      const row = desk.row(order.id);
      await row.getByText('in 1 hr').waitFor();
      await row.getByText('< 1 min').waitFor();
      await desk.live();
      const times = [Date.now() - 60_000, Date.now()].map((time) => TIME.format(time));
      await desk.page.context().setOffline(true);
      await desk.page.getByText(new RegExp(`Last updated at (${times.join('|')})\\.$`)).waitFor();
    },
  );

  it('opens an order by a link, in another tab as well', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    const { id = '', number = 0 } = orders[2] ?? {};
    const link = desk.row(id).getByRole('link', { name: `Order ${String(number)}` });
    const [tab] = await Promise.all([page.context().waitForEvent('page'), link.click({ button: 'middle' })]);
    // The browser may have loaded the tab before the test sees its navigation. Only the tab itself knows its address for sure.
    await eventually(async () => (await tab.evaluate('location.pathname').catch(() => '')) === `/orders/${id}`);
    await tab.close();
    await link.click();
    await page.waitForURL(`**/orders/${id}`);
    await eventually(async () => (await page.title()) === `Order ${String(number)} – MES Orders`);
    await page.goBack();
    await page.locator(`[id="order-${id}"][aria-selected=true]`).waitFor();
  });

  it('shows with forced colours which row, screen and view is the current one, whether it is live, and the bars', async () => {
    const desk = await workshop.signedIn({ viewport: { width: 390, height: 844 } });
    const { page } = desk;
    await page.emulateMedia({ forcedColors: 'active' });
    await desk.row(orders[0]?.id ?? '').waitFor();
    await desk.live();
    const styleOf = (element: string, property: string, pseudo = ''): Promise<string> =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('${element}'), '${pseudo}').${property}`);
    const canvas = await styleOf('body', 'backgroundColor');
    await page.keyboard.press('ArrowDown');
    await page.locator('.grid-row[aria-selected=true]').waitFor();
    expect(await styleOf('.grid-row[aria-selected=true]', 'outlineStyle')).toBe('solid');
    expect(await styleOf('.list-or-board [aria-current]', 'backgroundColor')).not.toBe(canvas);
    expect(await styleOf('header nav [aria-current]', 'backgroundColor')).not.toBe(canvas);
    expect(await styleOf('.live-live', 'backgroundColor', '::before')).not.toBe(canvas);
    await page.locator('header a[href="/dashboard"]').click();
    await page.locator('.day .bar').first().waitFor();
    expect(await styleOf('.day .bar', 'backgroundColor')).not.toBe(canvas);
    await desk.open(`/orders/${orders[0]?.id ?? ''}`);
    await page.locator('.times .bar').first().waitFor();
    expect(await styleOf('.times .bar', 'backgroundColor')).not.toBe(canvas);
  });
});
