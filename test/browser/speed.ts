import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareDatabase } from '@mes/database';
import pg from 'pg';
import type { Browser } from 'playwright-core';
import { fillOrders } from '../bench/fill/fill-orders.js';
import { spreadOf } from '../bench/measure/spread.js';
import { shownSpread } from '../bench/report/numbers.js';
import { Resources } from '../bench/servers/resources.js';
import { eventually } from '../support/eventually.js';
import { ApiProcess } from '../support/api-process.js';
import { newOrder } from '../support/test-orders.js';
import { startPostgres } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { runProgram } from '../support/run-program.js';
import { wholeNumber } from '../support/whole-number.js';
import { launchBrowser } from './support/browser.js';
import { Operator } from './support/operators-page.js';

// `npm run page-speed`: measures the operators' page in a headless Chromium, with the built API, PostgreSQL and Redis. It measures the
// time from the start of a navigation to the first painted screen of rows, the time until another browser shows a created order, and
// the duration of frames during scrolling.

const USAGE = `Measures the operators' page in a browser.

  npm run page-speed
  npm run page-speed -- --orders 10000 --rounds 5

  --orders <n>    orders in the database; 100000 by default
  --rounds <n>    measurements of each kind; 20 by default
  --help          shows this text`;

/** A script for the page. It records when rows fill the grid, in milliseconds since the navigation, and when orders appear. */
const WATCH = `
  globalThis.seen = new Map();
  const look = () => {
    const rows = document.querySelectorAll('.grid-body [role=row]');
    const grid = document.querySelector('.grid');
    if (grid && rows.length * 56 >= grid.clientHeight - 40 && !globalThis.filled) {
      // The next frame paints the rows.
      globalThis.filled = -1;
      requestAnimationFrame(() => setTimeout(() => { globalThis.filled = performance.now(); }));
    }
    for (const row of rows) {
      if (seen.has(row.id)) continue;
      seen.set(row.id, 0);
      requestAnimationFrame(() => setTimeout(() => seen.set(row.id, Date.now())));
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
`;

/** A script for the page that scrolls by a screen in each frame, and returns the 95th percentile of the frame durations. */
const SCROLL = `(async () => {
  const grid = document.querySelector('.grid');
  grid.scrollTop = 0;
  const frames = [];
  let last = performance.now();
  for (let step = 0; step < 160; step += 1) {
    grid.scrollTop += 700;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    frames.push(performance.now() - last);
    last = performance.now();
  }
  return frames.sort((a, b) => a - b)[Math.floor(frames.length * 0.95)];
})()`;

const resources = new Resources();

interface SpeedPlan {
  readonly orders: number;
  readonly rounds: number;
}

function readSpeedArguments(args: string[]): SpeedPlan | undefined {
  const { values } = parseArgs({
    args,
    options: {
      orders: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '20' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    orders: wholeNumber('--orders', values.orders, 10_000_000),
    rounds: wholeNumber('--rounds', values.rounds, 1_000),
  };
}

async function run({ orders, rounds }: SpeedPlan): Promise<void> {
  const stage = await start(orders);
  const [first, again] = [await measureFirst(stage, rounds), await measureAgain(stage, rounds)];
  const results: [what: string, values: number[], unit: string][] = [
    ['navigation to the first screen of rows, empty browser cache', first, 'ms'],
    ['navigation to the first screen of rows, filled browser cache', again, 'ms'],
    ['from creating an order to its row on another screen', await measureArrivals(stage, rounds), 'ms'],
    ['a frame while scrolling through 2,000 rows, 95th percentile', await measureScrolling(stage, rounds), 'ms'],
  ];
  console.log(`${orders.toLocaleString('en')} orders, ${String(rounds)} rounds: median (least–most)`);
  for (const [what, measured, unit] of results) console.log(`${what}: ${shownSpread(spreadOf(measured))} ${unit}`);
}

interface Stage {
  readonly browser: Browser;
  readonly url: string;
}

async function start(orders: number): Promise<Stage> {
  const scratch = await resources.start(
    () => mkdtemp(join(tmpdir(), 'mes-speed-')),
    (path) => rm(path, { recursive: true }),
  );
  process.env.TEST_PAGE_DIRECTORY = scratch;
  const [postgres, redis] = await Promise.all([
    resources.start(
      () => startPostgres(),
      (server) => server.stop(),
    ),
    resources.start(
      () => RedisServer.start(),
      (server) => server.stop(),
    ),
  ]);
  const databaseUrl = await postgres.createDatabase();
  await prepareDatabase({ url: databaseUrl, patience: 10_000 });
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await fillOrders(client, orders);
  await client.end();

  const environment = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, DATA_DIR: scratch, LOG_LEVEL: 'error' };
  const api = await resources.start(
    () => Promise.resolve(new ApiProcess(environment, { program: 'dist/apps/mes-api/src/main.js' })),
    (process) => process.destroy(),
  );
  const url = await api.ready();
  const browser = await resources.start(
    () => launchBrowser(),
    (started) => started.close(),
  );
  return { browser, url };
}

async function filledAfter({ page }: Operator): Promise<number> {
  await page.getByRole('row').nth(5).waitFor();
  return eventually(() => page.evaluate<number | false>('globalThis.filled > 0 && globalThis.filled'));
}

/** Measures with an empty HTTP cache. The user is already signed in, as with an issuer's session. */
async function measureFirst({ browser, url }: Stage, rounds: number): Promise<number[]> {
  const measured: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const operator = await Operator.atDesk(browser, url);
    await operator.page.addInitScript(
      `sessionStorage.setItem('mes.development.choice', '{"role":"operator","name":"anna"}');${WATCH}`,
    );
    await operator.open('/');
    measured.push(await filledAfter(operator));
    await operator.close();
  }
  return measured;
}

async function measureAgain({ browser, url }: Stage, rounds: number): Promise<number[]> {
  const operator = await Operator.signedIn(browser, url, { name: 'anna' });
  await operator.page.addInitScript(WATCH);
  const measured: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    await operator.open('/');
    const filled = await filledAfter(operator);
    // The browser also compiles the scripts in the first round, which does not count.
    if (round > 0) measured.push(filled);
  }
  await operator.close();
  return measured;
}

async function measureArrivals({ browser, url }: Stage, rounds: number): Promise<number[]> {
  const operator = await Operator.signedIn(browser, url, { name: 'boris' });
  await operator.page.addInitScript(WATCH);
  // The created order is the first one.
  await operator.open('/?sort=-createdAt');
  await operator.live();
  const { token } = (await (
    await fetch(`${url}/page/development-tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ role: 'partner' }),
    })
  ).json()) as { token: string };
  const measured: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const sent = Date.now();
    const answer = await fetch(`${url}/api/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(newOrder()),
    });
    const { id } = (await answer.json()) as { id: string };
    await operator.row(id).waitFor();
    const seen = await eventually(() => operator.page.evaluate<number | false>(`seen.get('order-${id}') || false`));
    measured.push(seen - sent);
  }
  await operator.close();
  return measured;
}

async function measureScrolling({ browser, url }: Stage, rounds: number): Promise<number[]> {
  const operator = await Operator.signedIn(browser, url, { name: 'clara' });
  await operator.page.getByRole('grid').waitFor();
  const measured: number[] = [];
  for (let round = 0; round < Math.min(rounds, 5); round += 1) {
    measured.push(await operator.page.evaluate<number>(SCROLL));
  }
  await operator.close();
  return measured;
}

runProgram({
  usage: USAGE,
  read: readSpeedArguments,
  run,
  resources,
  failure: 'The measurement failed',
});
