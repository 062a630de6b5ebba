import { eventually } from '../support/eventually.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

const STATUS_CALLS = '**/api/v1/orders/*/status';

/** The page waits up to ten seconds for a response, and up to twenty for what became of the order. */
const PATIENCE_MS = 60_000;

describe('a step whose response is lost', () => {
  let workshop: Workshop;
  let proxy: TcpProxy;
  let desk: Operator;
  let order: WorkshopOrder;

  beforeAll(async () => {
    workshop = await Workshop.open();
  }, OPENING_MS);

  beforeEach(async () => {
    proxy = await TcpProxy.open(workshop.api.url);
    desk = await workshop.signedIn({ name: 'anna' }, proxy.url);
    desk.page.context().setDefaultTimeout(PATIENCE_MS);
    order = await workshop.create();
    await desk.row(order.id).waitFor();
  });

  afterEach(async () => {
    await workshop.clear();
    await proxy.close();
  });

  afterAll(() => workshop.close());

  async function take(): Promise<void> {
    await desk.row(order.id).getByRole('button', { name: 'Take' }).click();
    await desk.leave();
  }

  function notice(text: string): ReturnType<Operator['page']['locator']> {
    return desk.page.locator('.notice', { hasText: `${String(order.number)} ${text}` });
  }

  /** All notices so far. */
  async function recordNotices(): Promise<() => Promise<string[]>> {
    await desk.page.evaluate(`
      globalThis.noticed = new Set();
      new MutationObserver(() => {
        for (const one of document.querySelectorAll('.notice > span')) noticed.add(one.textContent);
      }).observe(document.querySelector('.notices'), { childList: true, subtree: true });
    `);
    return () => desk.page.evaluate('[...noticed]');
  }

  /** Breaks every connection that carries a change, after the API has received it. */
  function loseResponses(andThen: () => void = () => undefined): void {
    proxy.breakAfter((chunk) => {
      const isChange = chunk.toString('latin1').includes('PATCH ');
      if (isChange) setImmediate(andThen);
      return isChange;
    });
  }

  it('is reported as made if it was made', async () => {
    const noticed = await recordNotices();
    loseResponses();
    await take();
    await notice('is yours.').waitFor();
    expect(await noticed()).toEqual([`Order ${String(order.number)} is yours.`]);
    await desk.leave();
    await desk.row(order.id).waitFor({ state: 'detached' });
    expect(await workshop.order(order)).toMatchObject({ status: 'MANUFACTURING_STARTED', assignee: 'anna' });
  });

  it('is reported as made if a proxy reports its own failure', async () => {
    await desk.page.route(STATUS_CALLS, async (route) => {
      await route.fetch();
      await route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' });
    });
    await take();
    await notice('is yours.').waitFor();
  });

  it('is not believed to be made because something else says 200, like the sign-in page of a network', async () => {
    await desk.page.route(STATUS_CALLS, async (route) => {
      await workshop.move(order, 'CANCELLED');
      await route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Guest Wi-Fi</h1>' });
    });
    await take();
    await notice('already has the status “Cancelled”.').waitFor();
  });

  it('is reported as made by somebody else if that is true', async () => {
    await desk.page.route(STATUS_CALLS, async (route) => {
      await workshop.move(order, 'MANUFACTURING_STARTED', 'boris');
      await route.abort('connectionreset');
    });
    await take();
    await notice('was already taken by boris.').waitFor();
  });

  it('is reported as not made only when it cannot be made any more, and can then be repeated', async () => {
    const noticed = await recordNotices();
    await desk.page.route(STATUS_CALLS, (route) => route.abort('connectionreset'), { times: 1 });
    const began = performance.now();
    await take();
    await notice('was not changed. Its status is still “New”.').waitFor();
    expect(performance.now() - began).toBeGreaterThan(10_000);
    expect(await noticed()).toHaveLength(1);
    await desk.row(order.id).getByRole('button', { name: 'Take' }).waitFor();
    await notice('was not changed').getByRole('button', { name: 'Try again' }).click();
    await notice('is yours.').waitFor();
  });

  it('is not said to be unmade if it was made, and somebody has taken it back before the page could see it', async () => {
    await desk.page.route(
      STATUS_CALLS,
      async (route) => {
        await route.fetch();
        await workshop.move(order, 'NEW', 'anna');
        await route.abort('connectionreset');
      },
      { times: 1 },
    );
    const noticed = await recordNotices();
    await take();
    await notice('has changed in the meantime. Its status is “New”.').waitFor();
    expect(await noticed()).toHaveLength(1);
    await notice('has changed').getByRole('button', { name: 'Try again' }).click();
    await notice('is yours.').waitFor();
  });

  it('is reported as not made if the user has sent too many requests, and can then be repeated', async () => {
    const tooMany = { status: 429, contentType: 'application/problem+json', body: '{"code":"RATE_LIMIT_EXCEEDED"}' };
    await desk.page.route('**/api/v1/orders**', (route) => route.fulfill(tooMany));
    await take();
    const refused = notice('was not changed. The server is busy or unavailable.');
    await refused.waitFor();
    await desk.page.unroute('**/api/v1/orders**');
    await refused.getByRole('button', { name: 'Try again' }).click();
    await notice('is yours.').waitFor();
  });

  it('is not made again on top of what others have done since, unless the operator asks for that', async () => {
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    await desk.open(`/orders/${order.id}`);
    const overloaded = { status: 503, contentType: 'application/problem+json', body: '{"code":"OVERLOADED"}' };
    await desk.page.route(STATUS_CALLS, (route) => route.fulfill(overloaded), { times: 1 });
    await desk.page.getByRole('button', { name: 'Mark as manufactured' }).click();
    const unchanged = notice('was not changed. Its status is still “In production”.');
    await unchanged.waitFor();
    await workshop.move(order, 'MANUFACTURING_COMPLETED', 'boris');
    await workshop.move(order, 'MANUFACTURING_STARTED', 'boris', 'The stone is loose.');

    const refusal = desk.page.waitForResponse((response) => response.request().method() === 'PATCH');
    await unchanged.getByRole('button', { name: 'Try again' }).click();
    expect((await refusal).status()).toBe(412);
    await unchanged.waitFor();
    expect((await workshop.order(order)).status).toBe('MANUFACTURING_STARTED');
    await unchanged.getByRole('button', { name: 'Try again' }).click();
    await desk.page.locator('.notice-good', { hasText: 'Manufactured' }).waitFor();
    expect((await workshop.order(order)).status).toBe('MANUFACTURING_COMPLETED');
  });

  it('is reported as unconfirmed if the API is away, and can be checked again', async () => {
    loseResponses(() => {
      proxy.cut();
    });
    await take();
    const unconfirmed = desk.page.locator('.notice', {
      hasText: `Couldn’t confirm the change to order ${String(order.number)}.`,
    });
    await unconfirmed.waitFor();
    await desk.row(order.id).getByRole('button', { name: 'Take' }).waitFor();
    proxy.mend();
    await unconfirmed.getByRole('button', { name: 'Check again' }).click();
    await notice('is yours.').waitFor();
    await unconfirmed.waitFor({ state: 'detached' });
  });

  it('ends if the API is silent', async () => {
    proxy.block();
    await take();
    await desk.row(order.id).getByText('Taking…').waitFor();
    await desk.page.getByText(`Couldn’t confirm the change to order ${String(order.number)}.`).waitFor();
    await desk.row(order.id).getByText('Taking…').waitFor({ state: 'detached' });
  });

  it('that is not sent because the browser is offline is never sent later, unless the operator asks for it', async () => {
    const sent: string[] = [];
    desk.page.on('request', (request) => {
      if (request.method() === 'PATCH') sent.push(request.url());
    });
    await desk.live();
    await desk.page.context().setOffline(true);
    await desk.page.getByText('You are offline.').waitFor();
    await take();
    const unsent = desk.page.getByText(`Order ${String(order.number)}: not sent, you are offline.`);
    await unsent.waitFor();
    await desk.row(order.id).getByText('Taking…').waitFor({ state: 'detached' });
    await desk.page.context().setOffline(false);
    await desk.leave();
    await desk.live();
    // The order arrives after the page has caught up: anything kept for later would have been sent by then.
    await desk.row((await workshop.create()).id).waitFor();
    expect(sent).toEqual([]);
    expect((await workshop.order(order)).status).toBe('NEW');
    await unsent.locator('..').getByRole('button', { name: 'Try again' }).click();
    await notice('is yours.').waitFor();
    expect(sent).toHaveLength(1);
  });

  it('keeps its reason and its buttons on the order’s own page', async () => {
    await workshop.move(order, 'MANUFACTURING_STARTED', 'anna');
    await desk.open(`/orders/${order.id}`);
    loseResponses();
    await desk.page.getByRole('button', { name: 'Put on hold' }).click();
    await desk.page.getByLabel('Comment').fill('Waits for gold.');
    await desk.page.getByRole('button', { name: 'No material' }).click();
    await desk.page.locator('.notice-good', { hasText: 'On hold' }).waitFor();
    await desk.page.locator('.timeline').getByText('Waits for gold.', { exact: true }).waitFor();
    await eventually(() => desk.page.getByRole('button', { name: 'Resume' }).isEnabled());
  });
});
