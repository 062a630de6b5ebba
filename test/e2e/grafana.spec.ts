import { readFile } from 'node:fs/promises';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { changeTo, newOrder } from '../support/test-orders.js';

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

/** The end of expressions that show something only if something is wrong. */
const EMPTY_WHEN_ALL_IS_WELL = '> 0';

describe('the dashboard of Grafana', () => {
  let dashboard: Dashboard;
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    dashboard = JSON.parse(await readFile('docker/grafana/mes-orders.json', 'utf8')) as Dashboard;
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    prometheus = await PrometheusServer.start(30, [{ name: 'api', url: `${api.url}/metrics` }]);
  });

  afterAll(async () => {
    await prometheus.stop();
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  /** Something of everything that the panels show. */
  async function work(): Promise<void> {
    const token = await api.token('admin');
    const created = await api.call<{ id: string }>('/api/v1/orders', { method: 'POST', token, body: newOrder() });
    expect(created.status).toBe(201);
    const path = `/api/v1/orders/${created.body.id}`;
    for (const status of ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED']) {
      const moved = await api.call(`${path}/status`, { method: 'PATCH', token, body: changeTo(status) });
      expect(moved.status).toBe(200);
    }
    for (let i = 0; i < 3; i += 1) expect((await api.call(path, { token })).status).toBe(200);
  }

  async function values(expression: string): Promise<number[]> {
    // Grafana puts an interval in.
    const samples = await prometheus.query(expression.replaceAll('$__rate_interval', '4s'));
    return samples.map(({ value }) => value);
  }

  it('has a value for each expression while all is well', async () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(panels.length).toBeGreaterThan(20);
    const expressions = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
    for (const { title, expr } of expressions) {
      const found = await eventually(async () => {
        await work();
        const shown = await values(expr);
        return (
          (shown.some((value) => Number.isFinite(value)) || expr.endsWith(EMPTY_WHEN_ALL_IS_WELL)) && { title, shown }
        );
      });
      expect(found.title).toBe(title);
    }
  });

  it('marks what Prometheus understands', async () => {
    for (const { expr } of dashboard.annotations.list) await expect(values(expr)).resolves.toBeDefined();
  });

  it('explains each panel, and asks only for metrics that exist', async () => {
    const documentation = await readFile('docker/README.md', 'utf8');
    const listed = new Set([...documentation.matchAll(/^\| `(mes_\w+)/gm)].map(([, name]) => name));
    for (const { title, type, description = '', targets = [] } of dashboard.panels) {
      expect({ title, isExplained: type === 'row' || description.endsWith('.') }).toEqual({ title, isExplained: true });
      const used = targets.flatMap(({ expr }) => [...expr.matchAll(/\bmes_\w+/g)].map(([name]) => name));
      const names = used.map((name) => name.replace(/_(?:bucket|count|sum)$/, ''));
      expect({ title, unknown: names.filter((name) => !listed.has(name)) }).toEqual({ title, unknown: [] });
    }
  });
});
