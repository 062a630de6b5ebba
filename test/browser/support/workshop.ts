import type { Browser } from 'playwright-core';
import { newOrder } from '../../support/test-orders.js';
import { OrdersApi, type OrdersApiOptions } from '../../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { launchBrowser } from './browser.js';
import { builtPage } from './built-page.js';
import { Operator, type OperatorOptions } from './operators-page.js';

/** Time limit for opening a workshop, which includes building the page. */
export const OPENING_MS = 400_000;

export interface WorkshopOrder {
  readonly id: string;
  readonly number: number;
  readonly status: string;
  readonly assignee?: string;
  readonly priority: string;
  readonly dueAt?: string;
  readonly holdReason?: string;
}

/** An API that serves the page, with its database and the browser contexts of the tests. */
export class Workshop {
  private desks: Operator[] = [];

  private constructor(
    readonly api: OrdersApi,
    readonly browser: Browser,
    readonly database: TestDatabase,
  ) {}

  /** @param options of the API, for example the folder of another page */
  static async open(options: Partial<OrdersApiOptions> = {}): Promise<Workshop> {
    const [pageDirectory, database] = await Promise.all([builtPage(), createTestDatabase()]);
    const redisUrl = process.env.TEST_REDIS_URL ?? '';
    const [api, browser] = await Promise.all([
      OrdersApi.start({ databaseUrl: database.url, redisUrl, pageDirectory, ...options }),
      launchBrowser(),
    ]);
    return new Workshop(api, browser, database);
  }

  /** Opens a browser context with empty storage. */
  async atDesk(options: OperatorOptions = {}): Promise<Operator> {
    return this.keep(await Operator.atDesk(this.browser, this.api.url, options));
  }

  /** Opens a browser context and signs in, at another API if `url` is given. */
  async signedIn(options: OperatorOptions = {}, url = this.api.url): Promise<Operator> {
    return this.keep(await Operator.signedIn(this.browser, url, options));
  }

  async create(order: Record<string, unknown> = {}): Promise<WorkshopOrder> {
    const token = await this.api.token('partner');
    const body = newOrder(order);
    const created = await this.api.call<WorkshopOrder>('/api/v1/orders', { method: 'POST', token, body });
    expect(created.status).toBe(201);
    return created.body;
  }

  async move({ id }: { readonly id: string }, status: string, by = 'operator-1', comment?: string): Promise<void> {
    const token = await this.api.token('operator', by);
    const request = { method: 'PATCH', token, body: { status, comment } };
    expect((await this.api.call(`/api/v1/orders/${id}/status`, request)).status).toBe(200);
  }

  async change({ id }: { readonly id: string }, fields: object): Promise<void> {
    const request = { method: 'PATCH', token: await this.api.token('admin'), body: fields };
    expect((await this.api.call(`/api/v1/orders/${id}`, request)).status).toBe(200);
  }

  async order({ id }: { readonly id: string }): Promise<WorkshopOrder> {
    const token = await this.api.token('viewer');
    return (await this.api.call<WorkshopOrder>(`/api/v1/orders/${id}`, { token })).body;
  }

  /** Closes all browser contexts, and expects no errors in their consoles. */
  async clear(): Promise<void> {
    const { desks } = this;
    this.desks = [];
    await Promise.all(desks.map((desk) => desk.close()));
    for (const desk of desks) expect([...desk.complaints]).toEqual([]);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.api.stop();
    await this.database.drop();
  }

  private keep(desk: Operator): Operator {
    this.desks.push(desk);
    return desk;
  }
}
