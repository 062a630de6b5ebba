import { eventually } from '../support/eventually.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop } from './support/workshop.js';

const URGENT = '?priority=URGENT&sort=dueAt';

describe('saved views of the queue, in a browser', () => {
  let workshop: Workshop;

  beforeAll(async () => {
    workshop = await Workshop.open();
    await workshop.create();
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(() => workshop.close());

  async function openMenu({ page }: Operator): Promise<void> {
    await page.getByRole('button', { name: 'Saved views' }).click();
    // Its first command gets the focus.
    await page.getByRole('menu', { name: 'Saved views' }).locator(':focus').waitFor();
  }

  async function atUrgent(): Promise<Operator> {
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/${URGENT}`);
    await desk.page.getByText('No new orders match these filters.').waitFor();
    return desk;
  }

  async function save(desk: Operator, name: string): Promise<void> {
    await openMenu(desk);
    await desk.page.getByRole('menuitem', { name: 'Save or edit views…' }).click();
    await desk.page.getByLabel('Save current view as').fill(name);
    await desk.page.keyboard.press('Enter');
    await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  function search({ page }: Operator): string {
    return new URL(page.url()).search;
  }

  it('keep filters and sort under a name, on this device', async () => {
    const desk = await atUrgent();
    const { page } = desk;
    await save(desk, 'Urgent, by date');
    await desk.open('/?priority=LOW');
    await openMenu(desk);
    const saved = page.getByRole('menuitemradio', { name: 'Urgent, by date' });
    expect(await saved.getAttribute('aria-checked')).toBe('false');
    await saved.click();
    await eventually(() => search(desk) === URGENT);
    expect(await page.getByRole('checkbox', { name: 'Urgent' }).isChecked()).toBe(true);
    await page.goBack();
    expect(search(desk)).toBe('?priority=LOW');
    await desk.open(`/${URGENT}`);
    await openMenu(desk);
    expect(await saved.getAttribute('aria-checked')).toBe('true');
  });

  it('are said to last no longer than the page if the browser refuses to store them', async () => {
    const desk = await atUrgent();
    await desk.page.evaluate(`Storage.prototype.setItem = () => { throw new Error('refused') }`);
    await save(desk, 'Urgent, by date');
    await desk.page.getByText('This browser refuses to store views.').waitFor();
    await openMenu(desk);
    await desk.page.getByRole('menuitemradio', { name: 'Urgent, by date' }).waitFor();
  });

  it('are not replaced by another one of the same name, saved or renamed', async () => {
    const desk = await atUrgent();
    const { page } = desk;
    await save(desk, 'A');
    await save(desk, 'B');
    await desk.open('/?priority=LOW');
    await openMenu(desk);
    const kept = await page.evaluate('localStorage.getItem("mes.views")');
    await page.getByRole('menuitem', { name: 'Save or edit views…' }).click();
    for (const label of ['Save current view as', 'Name of “B”']) {
      const field = page.getByLabel(label);
      await field.fill('A');
      await field.press('Enter');
      await eventually(
        async () =>
          (await field.evaluate((input: { validationMessage: string }) => input.validationMessage)) ===
          'Another view has this name.',
      );
      expect(await page.evaluate('localStorage.getItem("mes.views")')).toBe(kept);
    }
    await page.getByRole('button', { name: 'Delete “A”' }).click();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Name of “A”').waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await openMenu(desk);
    await page.getByRole('menuitemradio', { name: 'A' }).click();
    await eventually(() => search(desk) === URGENT);
  });

  it('can be renamed and deleted', async () => {
    const desk = await atUrgent();
    const { page } = desk;
    await save(desk, 'A');
    await desk.open('/?priority=LOW');
    await save(desk, 'B');
    await openMenu(desk);
    await page.getByRole('menuitem', { name: 'Save or edit views…' }).click();
    await page.getByLabel('Name of “B”').fill('Slow');
    await page.getByRole('button', { name: 'Rename' }).last().click();
    await page.getByRole('button', { name: 'Delete “A”' }).click();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.reload();
    await openMenu(desk);
    expect(await page.getByRole('menuitemradio').allInnerTexts()).toEqual(['Slow']);
    await page.getByRole('menuitemradio').click();
    expect(search(desk)).toBe('?priority=LOW');
  });

  it('are shared by a link', async () => {
    const desk = await atUrgent();
    await desk.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await openMenu(desk);
    await desk.page.getByRole('menuitem', { name: 'Copy link to this view' }).click();
    await desk.page.getByText('Link copied.').waitFor();
    expect(await desk.page.evaluate('navigator.clipboard.readText()')).toBe(`${workshop.api.url}/${URGENT}`);
  });

  it('close their menu when a command is chosen, and give the focus back to its button', async () => {
    const desk = await atUrgent();
    const { page } = desk;
    const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.textContent');
    const menu = page.getByRole('menu', { name: 'Saved views' });
    await openMenu(desk);
    await page.getByRole('menuitem', { name: 'Copy link to this view' }).press('Enter');
    await menu.waitFor({ state: 'hidden' });
    await eventually(async () => (await focused()) === 'Saved views');
    await openMenu(desk);
    await page.getByRole('menuitem', { name: 'Save or edit views…' }).press('Enter');
    await page.getByRole('dialog').waitFor();
    await menu.waitFor({ state: 'hidden' });
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await eventually(async () => (await focused()) === 'Saved views');
  });

  it('are shared by a link even without filters, which opens the list where the board was shown last', async () => {
    const desk = await workshop.signedIn({ name: 'anna' });
    const { page } = desk;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await openMenu(desk);
    await page.getByRole('menuitem', { name: 'Copy link to this view' }).click();
    await page.getByText('Link copied.').waitFor();
    const link = await page.evaluate<string>('navigator.clipboard.readText()');
    await page.getByRole('link', { name: 'Board', exact: true }).click();
    await page.getByRole('heading', { name: 'Board', exact: true }).waitFor();
    await desk.open(link);
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
    await desk.open('/');
    await page.getByRole('heading', { name: 'New orders' }).waitFor();
  });

  it('are shared by a link that is shown where the browser cannot copy', async () => {
    const desk = await workshop.signedIn({
      initScript: `Object.defineProperty(navigator, 'clipboard', { value: undefined })`,
    });
    await desk.open(`/${URGENT}`);
    await openMenu(desk);
    await desk.page.getByRole('menuitem', { name: 'Copy link to this view' }).click();
    await desk.page.locator('.notice-bad', { hasText: `${workshop.api.url}/${URGENT}` }).waitFor();
  });

  it('are none if what the device remembers is damaged', async () => {
    const desk = await atUrgent();
    for (const damaged of ['{"', '7', '[null,{"name":1},{"name":" ","search":""}]']) {
      await desk.page.evaluate(`localStorage.setItem('mes.views', ${JSON.stringify(damaged)})`);
      await desk.page.reload();
      await openMenu(desk);
      expect(await desk.page.getByRole('menuitemradio').count()).toBe(0);
    }
  });
});
