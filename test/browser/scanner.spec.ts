import pg from 'pg';
import type { Page } from 'playwright-core';
import { fillOrders } from '../bench/fill/fill-orders.js';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { insertOrders } from '../support/test-orders.js';
import { scan } from './support/scan.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

/** The pause between two keys of a person, in milliseconds. */
const PERSON = 90;

/** Types keys like a scanner, with the letters that another keyboard has on them. */
async function scanKeys(page: Page, keys: readonly { readonly key: string; readonly code: string }[]): Promise<void> {
  const events = keys.map((key) => ({
    ...key,
    shiftKey: /\p{Lu}/u.test(key.key) && key.key.length === 1,
    bubbles: true,
  }));
  await page.evaluate(`
    for (const key of ${JSON.stringify(events)}) document.activeElement.dispatchEvent(new KeyboardEvent('keydown', key));
  `);
}

/** A script that gives a browser without barcode detection one that always finds the same code. */
function detectorOf(code: string): string {
  return `globalThis.BarcodeDetector = class { async detect() { return [{ rawValue: ${JSON.stringify(code)} }]; } };`;
}

/** A script that gives a browser without a camera one that shows a grey picture. */
const CAMERA = `
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement('canvas');
    canvas.getContext('2d').fillRect(0, 0, 10, 10);
    globalThis.stream = canvas.captureStream(10);
    return globalThis.stream;
  };
`;

describe('a barcode scanner, in a browser', () => {
  let workshop: Workshop;
  let table: OrdersTable;
  let order: WorkshopOrder;

  beforeAll(async () => {
    workshop = await Workshop.open();
    table = await OrdersTable.connect(workshop.database.url);
    order = await workshop.create({ externalId: 'T-4711-TT' });
    await workshop.create({ product: { name: `Ring ${String(order.number)}` } });
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(async () => {
    await table.close();
    await workshop.close();
  });

  /** The number as it is on the job sheet. */
  function codeOf({ number }: WorkshopOrder): string {
    return String(number).padStart(4, '0');
  }

  it('opens the order whose number it types, from every screen', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    for (const path of ['/', '/mine', '/dashboard', '/?q=nothing-like-this']) {
      await desk.open(path);
      await page.locator('header').waitFor();
      await desk.painted();
      await scan(page, codeOf(order));
      await page.waitForURL(`**/orders/${order.id}`);
    }
  });

  it('leaves nothing in the field that has the focus', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    const search = page.getByRole('searchbox');
    await search.fill('ri');
    await page.waitForURL(/q=ri/);
    await search.press('End');
    await scan(page, codeOf(order));
    await page.waitForURL(`**/orders/${order.id}`);
    await page.goBack();
    expect(await search.inputValue()).toBe('ri');
    expect(new URL(page.url()).search).toBe('?q=ri');
  });

  it('presses no keys of the list: neither T nor Enter', async () => {
    const desk = await workshop.signedIn({ name: 'anna' });
    const { page } = desk;
    await desk.row(order.id).waitFor();
    // Another order than the scanned one is selected.
    for (let i = 0; i < 2; i += 1) await page.keyboard.press('ArrowDown');
    await page.locator(`[aria-selected=true]:not([id="order-${order.id}"])`).waitFor();
    await scan(page, 'T-4711-TT');
    await page.waitForURL(`**/orders/${order.id}`);
    await page.goBack();
    await page.waitForURL((url) => url.pathname === '/');
    const taken = await table.query('SELECT 1 FROM orders WHERE assignee IS NOT NULL');
    expect(taken).toEqual([]);
  });

  it('opens the order whose number it types while the keyboard is set to Russian', async () => {
    const { id } = await workshop.create({ externalId: 'WEB-1042/b' });
    const desk = await workshop.signedIn();
    const { page } = desk;
    await desk.row(id).waitFor();
    await scanKeys(page, [
      ...[
        { key: 'Ц', code: 'KeyW' },
        { key: 'У', code: 'KeyE' },
        { key: 'И', code: 'KeyB' },
      ],
      ...[
        { key: '-', code: 'Minus' },
        { key: '1', code: 'Digit1' },
        { key: '0', code: 'Digit0' },
      ],
      ...[
        { key: '4', code: 'Digit4' },
        { key: '2', code: 'Digit2' },
        { key: '.', code: 'Slash' },
      ],
      ...[
        { key: 'и', code: 'KeyB' },
        { key: 'Enter', code: 'Enter' },
      ],
    ]);
    await page.waitForURL(`**/orders/${id}`);
  });

  it('opens the order of a partner also while Caps Lock is on, and only once', async () => {
    const { id } = await workshop.create({ externalId: 'CAPS-77' });
    const desk = await workshop.signedIn();
    const { page } = desk;
    await desk.row(id).waitFor();
    await scan(page, 'caps-77');
    await page.waitForURL(`**/orders/${id}`);
    const length = await page.evaluate<number>('history.length');
    const found = page.waitForResponse('**/api/v1/orders?*q=CAPS-77*');
    await scan(page, 'CAPS-77');
    await found;
    await page.getByText('Looking up').waitFor({ state: 'detached' });
    await desk.painted();
    expect(await page.evaluate<number>('history.length')).toBe(length);
  });

  it('presses and selects nothing with the spaces of a code', async () => {
    const scanned = await workshop.create({ externalId: 'PO 47 11' });
    const shown = await workshop.create();
    await workshop.move(shown, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn({ name: 'anna' });
    const { page } = desk;
    const changes: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PATCH') changes.push(request.url());
    });
    await desk.open(`/orders/${shown.id}`);
    // It has the focus after the step before.
    await page.getByRole('button', { name: 'Mark as manufactured' }).focus();
    await scan(page, 'PO 47 11');
    await page.waitForURL(`**/orders/${scanned.id}`);
    expect(changes).toEqual([]);

    await desk.open('/');
    await desk.row(order.id).waitFor();
    await page.keyboard.press('ArrowDown');
    await desk.painted();
    await scan(page, 'PO 47 1');
    await page.locator('.notice', { hasText: 'PO 47 1' }).waitFor();
    expect(await page.getByRole('checkbox', { name: 'Select order', checked: true }).count()).toBe(0);
  });

  it('chooses no sort order while that field has the focus', async () => {
    const other = await workshop.create({ externalId: 'OLD-78' });
    const desk = await workshop.signedIn();
    const { page } = desk;
    await desk.row(other.id).waitFor();
    // A person chooses by a letter.
    await page.getByRole('combobox', { name: /^Due/ }).press('o');
    await page.waitForURL((url) => url.searchParams.get('due') === 'overdue');
    await page.getByLabel('Sort').focus();
    const length = await page.evaluate<number>('history.length');
    await scan(page, 'OLD-78');
    await page.waitForURL(`**/orders/${other.id}`);
    expect(await page.evaluate<number>('history.length')).toBe(length + 1);
    await page.goBack();
    expect(new URL(page.url()).search).toBe('?due=overdue');
  });

  it('lets a person choose by a letter, whatever else the page shows meanwhile', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    const due = page.getByRole('combobox', { name: /^Due/ });
    await due.focus();
    // What the page shows anew, it shows as it was before the choice.
    await page.evaluate(`{
      const field = document.activeElement;
      field.addEventListener('keydown', () => setTimeout(() => (field.value = ''), 1));
    }`);
    await page.keyboard.press('o');
    await page.waitForURL((url) => url.searchParams.get('due') === 'overdue');
  });

  it('closes no dialog with a comment in it', async () => {
    const other = await workshop.create();
    const desk = await workshop.signedIn({ name: 'vera' });
    const { page } = desk;
    await desk.open(`/orders/${other.id}`);
    await page.getByRole('button', { name: 'Take order' }).click();
    await page.getByRole('button', { name: 'Put on hold' }).click();
    const comment = page.getByRole('dialog').getByLabel('Comment');
    await comment.fill('The stone is');
    await comment.press('End');
    await scan(page, codeOf(order));
    await page.locator('.notice', { hasText: `${codeOf(order)} was not opened` }).waitFor();
    expect(await comment.inputValue()).toBe('The stone is');
    expect(new URL(page.url()).pathname).toBe(`/orders/${other.id}`);
    await comment.fill('');
    await scan(page, codeOf(order));
    await page.waitForURL(`**/orders/${order.id}`);
  });

  it('lets the user choose if several orders have the number', async () => {
    const numbered = await workshop.create();
    const other = await workshop.create({ externalId: codeOf(numbered), product: { name: 'Brooch' } });
    const desk = await workshop.signedIn();
    const { page } = desk;
    await desk.row(other.id).waitFor();
    await scan(page, codeOf(numbered));
    const choice = page.getByRole('dialog', { name: `Several orders have the number ${codeOf(numbered)}` });
    await choice.getByRole('button', { name: `Order ${String(numbered.number)}` }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    await choice.getByRole('button', { name: 'Brooch' }).click();
    await page.waitForURL(`**/orders/${other.id}`);

    // Without a mouse, and dismissed by another scan.
    await scan(page, codeOf(numbered));
    await choice.waitFor();
    await page.keyboard.press('1');
    await page.waitForURL(`**/orders/${numbered.id}`);
    await scan(page, codeOf(numbered));
    await choice.waitFor();
    await scan(page, 'T-4711-TT');
    await choice.waitFor({ state: 'detached' });
    await page.waitForURL(`**/orders/${order.id}`);
  });

  it('is told when no order has the number', async () => {
    const desk = await workshop.signedIn();
    await desk.page.getByRole('grid').waitFor();
    await scan(desk.page, '99999999');
    await desk.page.getByText('No current order has the number 99999999.').waitFor();
    expect(new URL(desk.page.url()).pathname).toBe('/');
  });

  it('opens the order that it has scanned last, even if the one before is found later', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    const first = await workshop.create({ externalId: 'FIRST-1' });
    await desk.row(first.id).waitFor();
    await page.route('**/api/v1/orders?*q=FIRST-1*', () => undefined);
    const dropped = page.waitForEvent('requestfailed', (request) => request.url().includes('q=FIRST-1'));
    await scan(page, 'FIRST-1');
    await page.getByText('Looking up FIRST-1…').waitFor();
    await scan(page, 'T-4711-TT');
    await dropped;
    await page.waitForURL(`**/orders/${order.id}`);
    await page.getByText('Looking up').waitFor({ state: 'detached' });
  });

  it('takes nobody away from a screen that was opened after the scan', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    await page.getByRole('grid').waitFor();
    await page.route('**/api/v1/orders?*q=T-4711-TT*', () => undefined);
    const dropped = page.waitForEvent('requestfailed', (request) => request.url().includes('q=T-4711-TT'));
    await scan(page, 'T-4711-TT');
    await page.getByText('Looking up T-4711-TT…').waitFor();
    await page.getByRole('link', { name: 'My work' }).click();
    await dropped;
    await page.getByText('Looking up').waitFor({ state: 'detached' });
    expect(new URL(page.url()).pathname).toBe('/mine');
  });

  it('is told apart from somebody who types', async () => {
    const desk = await workshop.signedIn();
    const { page } = desk;
    const search = page.getByRole('searchbox');
    await search.focus();
    await page.keyboard.type(codeOf(order), { delay: PERSON });
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`q=${codeOf(order)}`));
    expect(await search.inputValue()).toBe(codeOf(order));
  });

  describe('with the camera', () => {
    it('is not offered by a browser that reads no barcodes', async () => {
      const desk = await workshop.signedIn();
      await desk.page.getByRole('grid').waitFor();
      expect(await desk.page.evaluate(`'BarcodeDetector' in window`)).toBe(false);
      expect(await desk.page.getByRole('button', { name: 'Scan a barcode' }).count()).toBe(0);
    });

    it('opens the order, and switches the camera off', async () => {
      const desk = await workshop.atDesk({ viewport: { width: 390, height: 844 } });
      const { page } = desk;
      await page.addInitScript(detectorOf(codeOf(order)));
      await page.addInitScript(CAMERA);
      await desk.open('/');
      await desk.signIn();
      await page.getByRole('grid').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
      await page.getByRole('button', { name: 'Scan a barcode' }).click();
      await page.waitForURL(`**/orders/${order.id}`);
      await eventually(() =>
        page.evaluate<boolean>('stream.getTracks().every(({ readyState }) => readyState === "ended")'),
      );
      expect(await page.getByRole('dialog').count()).toBe(0);
    });

    it('says that it cannot be opened when a new deployment has removed its file', async () => {
      const desk = await workshop.atDesk();
      const { page } = desk;
      await page.addInitScript(detectorOf(codeOf(order)));
      await page.route('**/assets/camera-dialog*', (route) => route.abort());
      await desk.open('/');
      await desk.signIn();
      await page.getByRole('button', { name: 'Scan a barcode' }).click();
      await page.getByText('Part of the page couldn’t be loaded.').waitFor();
      expect(await page.getByRole('grid').isVisible()).toBe(true);
    });

    it('says that there is no camera or that it is refused, and can be closed', async () => {
      const desk = await workshop.atDesk();
      const { page } = desk;
      await page.addInitScript(detectorOf(codeOf(order)));
      await desk.open('/');
      await desk.signIn();
      await page.getByRole('button', { name: 'Scan a barcode' }).click();
      await page.getByText(/No camera available|Camera access was denied/).waitFor();
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(new URL(page.url()).pathname).toBe('/');
    });
  });
});

describe('a barcode scanner, among orders that contain the scanned number in their texts', () => {
  /** So many that the fineness of their gold occurs in more orders than the page looks through. */
  const ORDERS = 8_000;
  /** So many orders that contain the number are looked through for one of a partner. */
  const LOOKED_THROUGH = 200;
  let workshop: Workshop;

  beforeAll(async () => {
    workshop = await Workshop.open();
    const client = new pg.Client(workshop.database.url);
    await client.connect();
    await fillOrders(client, ORDERS);
    await client.end();
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(() => workshop.close());

  it.each([375, 585, 750, 925])('opens order %d', async (number) => {
    const desk = await workshop.signedIn();
    await desk.page.getByRole('grid').waitFor();
    await scan(desk.page, String(number).padStart(4, '0'));
    await desk.page.getByRole('heading', { name: `Order ${String(number)}` }).waitFor();
  });

  it('lets the user choose if there may be an order of a partner with the number among them', async () => {
    const own = await workshop.create();
    const code = String(own.number);
    await workshop.create({ externalId: code });
    const table = await OrdersTable.connect(workshop.database.url);
    const inserted = await table.query<{ id: string }>(insertOrders(LOOKED_THROUGH + 1));
    const ids = inserted.map(({ id }) => id);
    await table.query('UPDATE orders SET product_name = $1 WHERE id = ANY($2)', [`Ring ${code}`, ids]);
    await table.close();
    const desk = await workshop.signedIn();
    await desk.page.getByRole('grid').waitFor();
    await scan(desk.page, code);
    const choice = desk.page.getByRole('dialog', { name: `There may be several orders with the number ${code}` });
    const heading = desk.page.getByRole('heading', { name: `Order ${code}` });
    await choice.or(heading).waitFor();
    expect(await heading.count()).toBe(0);
    await choice.getByRole('button', { name: `Order ${code}` }).click();
    await heading.waitFor();
  });
});
