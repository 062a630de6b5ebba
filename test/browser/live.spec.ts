import type { Request } from 'playwright-core';
import {
  EVENTS_STREAM_DEFAULTS,
  EVENTS_STREAM_OPTIONS,
} from '../../apps/mes-api/src/events-stream/events-stream.options.js';
import { openStreams } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop } from './support/workshop.js';

/** Shorter than in production, so that a silent stream is noticed while the test waits. */
const HEARTBEAT_MS = 6_000;
/** How long a tab hangs: much longer than it takes the others to notice, also on a busy machine. */
const HANG_MS = 5 * HEARTBEAT_MS;

/** More tabs than a browser opens connections to an origin over HTTP/1.1. */
const TABS = 7;

const LISTS = '**/api/v1/orders?*';

/** Lets a tab remember whether it has taken its connection for lost. */
const REMEMBER_LOSS = `
  globalThis.wasLost = false;
  new MutationObserver(() => {
    wasLost ||= document.querySelector('.live-lost') !== null;
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
`;

describe('the state of the connection that the page shows', () => {
  let workshop: Workshop;
  let table: OrdersTable;

  beforeAll(async () => {
    const options = { ...EVENTS_STREAM_DEFAULTS, heartbeatInterval: HEARTBEAT_MS };
    workshop = await Workshop.open({
      override: (builder) => builder.overrideProvider(EVENTS_STREAM_OPTIONS).useValue(options),
    });
    table = await OrdersTable.connect(workshop.database.url);
  }, OPENING_MS);

  afterEach(async () => {
    await workshop.clear();
    await eventually(async () => (await openStreams(workshop.api)) === 0);
    // New orders are within the screen of a short list only.
    await table.query('DELETE FROM orders');
  });

  afterAll(async () => {
    await table.close();
    await workshop.close();
  });

  /** Waits until all tabs are live and show a new order, with one stream for all of them. */
  async function follow(tabs: readonly Operator[], streams = 1): Promise<string> {
    await Promise.all(tabs.map((tab) => tab.live()));
    await eventually(async () => (await openStreams(workshop.api)) === streams);
    await Promise.all(tabs.map((tab) => tab.leave()));
    const { id } = await workshop.create();
    await Promise.all(tabs.map((tab) => tab.row(id).waitFor()));
    return id;
  }

  async function open(count: number): Promise<Operator[]> {
    const first = await workshop.signedIn({ name: 'anna' });
    const tabs = [first];
    while (tabs.length < count) tabs.push(await first.anotherTab({ name: 'anna' }));
    return tabs;
  }

  /** The tabs, with the one first that reads the stream for all. */
  async function byLeadership(tabs: readonly Operator[]): Promise<[Operator, Operator, ...Operator[]]> {
    await eventually(() => tabs.filter(({ readsStream }) => readsStream).length === 1);
    return [...tabs].sort((one, other) => Number(other.readsStream) - Number(one.readsStream)) as [Operator, Operator];
  }

  describe('with several tabs', () => {
    it('is true in more tabs than there are connections, and each of them can take an order', async () => {
      const tabs = await open(TABS);
      for (const tab of tabs) {
        const id = await follow(tabs);
        await tab.row(id).getByRole('button', { name: 'Take' }).click();
        await tab.leave();
        // While one row leaves, the button of another cannot be pressed.
        await Promise.all(tabs.map((each) => each.row(id).waitFor({ state: 'detached' })));
        expect(await workshop.order({ id })).toMatchObject({ status: 'MANUFACTURING_STARTED', assignee: 'anna' });
      }
    }, 180_000);

    it('lasts when a tab is closed, even if it reads the stream', async () => {
      let tabs = await open(4);
      await follow(tabs);
      while (tabs.length > 1) {
        const [leader, ...others] = await byLeadership(tabs);
        await Promise.all(others.map(({ page }) => page.evaluate(REMEMBER_LOSS)));
        await leader.page.close();
        tabs = others;
        await eventually(() => tabs.some(({ readsStream }) => readsStream));
        // Nobody has waited for a heartbeat that does not come.
        for (const { page } of tabs) expect(await page.evaluate('wasLost')).toBe(false);
        await follow(tabs);
      }
    });

    it('comes from one stream again after all tabs have reconnected at once', async () => {
      const tabs = await open(4);
      await follow(tabs);
      const context = tabs[0]?.page.context();
      await context?.setOffline(true);
      await Promise.all(tabs.map(({ page }) => page.getByText('You are offline.').waitFor()));
      await context?.setOffline(false);
      await follow(tabs);
    });

    it('lasts when the tab that reads the stream crashes or freezes', async () => {
      const tabs = await open(3);
      await follow(tabs);
      const [crashing, ...others] = await byLeadership(tabs);
      await crashing.page.goto('chrome://crash').catch(() => undefined);
      await follow(others);
      const [freezing, last] = await byLeadership(others);
      await last.page.evaluate(REMEMBER_LOSS);
      // What a browser says to a hidden page before it stops its tasks, and after it lets them go on.
      await freezing.page.evaluate(`document.dispatchEvent(new Event('freeze'))`);
      await eventually(() => last.readsStream);
      expect(await last.page.evaluate('wasLost')).toBe(false);
      await follow([last]);
      await freezing.page.evaluate(`document.dispatchEvent(new Event('resume'))`);
      await follow(others);
    }, 180_000);

    it('is lost in all tabs when the tab that reads the stream hangs, and then found again', async () => {
      const tabs = await open(2);
      await follow(tabs);
      const [hanging, other] = await byLeadership(tabs);
      // Nothing on the first tab's thread runs, and so it says no farewell.
      const hang = hanging.page.evaluate(`{ const end = Date.now() + ${String(HANG_MS)}; while (Date.now() < end); }`);
      // A busy machine may start the loop late. The state must be lost before the loop ends.
      await other.page.locator('.live-live').waitFor({ state: 'detached', timeout: HANG_MS });
      const { id } = await workshop.create();
      await Promise.all([other.live(), other.row(id).waitFor()]);
      await hang;
      await follow(tabs);
    }, 180_000);

    it('is not shared by different users', async () => {
      const anna = await workshop.signedIn({ name: 'anna' });
      const boris = await anna.anotherTab({ name: 'boris' });
      const viewer = await anna.anotherTab({ role: 'viewer', name: 'anna' });
      const partner = await anna.anotherTab({ role: 'partner', name: 'anna' });
      await follow([anna, boris, viewer], 3);
      await partner.page.locator('.live-none').waitFor();
    });

    it('is true in each tab of a browser without channels', async () => {
      const initScript = 'delete window.BroadcastChannel;';
      const first = await workshop.signedIn({ name: 'anna', initScript });
      await follow([first, await first.anotherTab({ name: 'anna' })], 2);
    });
  });

  describe('behind a proxy', () => {
    let proxy: TcpProxy;
    let desk: Operator;

    beforeEach(async () => {
      proxy = await TcpProxy.open(workshop.api.url);
      desk = await workshop.signedIn({}, proxy.url);
      await follow([desk]);
    });

    afterEach(() => proxy.close());

    it('is lost after the proxy falls silent, and says how old the data is', async () => {
      proxy.block();
      // The page says it within two heartbeats. The rest is for a busy machine.
      await desk.page.locator('.live-live').waitFor({ state: 'detached', timeout: 4 * HEARTBEAT_MS });
      await desk.page
        .getByRole('alert')
        .getByText(/Connection lost. Reconnecting… Last updated at \d/)
        .waitFor();
      proxy.mend();
      await desk.live();
      await desk.page.getByText('Connection lost.').waitFor({ state: 'detached' });
    }, 180_000);

    it('is live again, with new data, after the proxy has swallowed the open connections', async () => {
      // Each of the dead connections is given up after the time limit of a request.
      desk.page.context().setDefaultTimeout(60_000);
      proxy.vanish();
      const { id } = await workshop.create();
      await desk.row(id).waitFor();
      await desk.live();
    }, 180_000);
  });

  it('is not live while the data cannot be refreshed, although the stream is', async () => {
    const desk = await workshop.signedIn();
    await follow([desk]);
    await desk.page.route(LISTS, (route) => route.fulfill({ status: 429, json: { code: 'RATE_LIMITED' } }));
    const { id } = await workshop.create();
    await desk.page
      .getByRole('alert')
      .getByText(/Couldn’t refresh the data. Trying again… Last updated at \d/)
      .waitFor();
    expect(await desk.page.locator('.live-live').count()).toBe(0);
    expect(await desk.row(id).count()).toBe(0);
    await desk.page.unroute(LISTS);
    await desk.row(id).waitFor();
    await desk.live();
    await desk.page.getByText('Couldn’t refresh the data.').waitFor({ state: 'detached' });
  });

  it('is not live while a refresh is not answered', async () => {
    const desk = await workshop.signedIn();
    await follow([desk]);
    await desk.page.route(LISTS, () => undefined);
    const ended = new Set<Request>();
    desk.page.on('requestfailed', (request) => ended.add(request));
    await workshop.create();
    // Earlier than the time limit of the request.
    await desk.page.locator('.live-live').waitFor({ state: 'detached' });
    expect(ended.size).toBe(0);
    await desk.page.getByText('Couldn’t refresh the data.').waitFor();
    await desk.page.unrouteAll({ behavior: 'ignoreErrors' });
    await desk.live();
  });

  it('is not live while a screen that somebody goes back to shows old data', async () => {
    const order = await workshop.create();
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(`/orders/${order.id}`);
    const done = desk.page.getByRole('button', { name: 'Mark as manufactured' });
    await done.waitFor();
    await desk.live();
    await desk.page.getByRole('link', { name: 'Dashboard' }).click();
    await desk.page.locator('.workload').getByText('№').waitFor();
    await workshop.change(order, { priority: 'HIGH' });
    await desk.page.locator('.workload').getByText('High').waitFor();

    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    await desk.page.route(`**/api/v1/orders/${order.id}`, async (route) => {
      await held;
      await route.continue();
    });
    await desk.page.goBack();
    await done.waitFor();
    await desk.page.locator('.live-live').waitFor({ state: 'detached' });
    await desk.page.getByText('Couldn’t refresh the data.').waitFor();
    expect(await done.isDisabled()).toBe(true);
    answer();
    await eventually(() => done.isEnabled());
    await desk.live();
  });

  it('is offline alone while the browser is offline', async () => {
    const desk = await workshop.signedIn();
    await follow([desk]);
    await desk.page.context().setOffline(true);
    await desk.page.getByText('You are offline.').waitFor();
    expect(await desk.page.locator('.live').count()).toBe(0);
    expect(await desk.page.getByRole('alert').count()).toBe(1);
    await desk.page.context().setOffline(false);
    await follow([desk]);
    expect(await desk.page.getByRole('alert').count()).toBe(0);
  });

  describe('after the page wakes up', () => {
    const CLOCK = `
      globalThis.jump = 0;
      const { now } = Date;
      Date.now = () => now() + jump;
    `;

    it.each([
      ['because its clock jumped', 'jump = 600_000', true],
      ['because its clock was set back', 'jump = -600_000', true],
      ['because it was busy or asleep', '{ const end = Date.now() + 7_000; while (Date.now() < end); }', true],
      ['because it is shown again', 'document.dispatchEvent(new Event("visibilitychange"))', false],
      ['because it was frozen', 'document.dispatchEvent(new Event("resume"))', true],
      [
        'because it comes from the back-forward cache',
        'dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))',
        true,
      ],
    ])('%s, is not live and lets nobody change an order until it has refreshed', async (_, cause, mayBeDead) => {
      const order = await workshop.create();
      await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
      const desk = await workshop.signedIn({ name: 'anna', initScript: CLOCK });
      await desk.open(`/orders/${order.id}`);
      const done = desk.page.getByRole('button', { name: 'Mark as manufactured' });
      await done.waitFor();
      await desk.live();
      expect(await done.isEnabled()).toBe(true);

      let answer: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (answer = resolve));
      await desk.page.route(`**/api/v1/orders/${order.id}`, async (route) => {
        await held;
        await route.continue();
      });
      const asked = desk.page.waitForRequest(`**/api/v1/orders/${order.id}`);
      const { streamsOpened } = desk;
      await desk.page.evaluate(cause);
      await asked;
      await eventually(() => done.isDisabled());
      expect(await desk.page.locator('.live-live').count()).toBe(0);
      answer();
      await eventually(() => done.isEnabled());
      await desk.live();
      // A connection from before a sleep may be dead without anybody having noticed.
      expect(desk.streamsOpened > streamsOpened).toBe(mayBeDead);
    });
  });
});
