import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiInstance } from '../consistency/system/api-instance.js';
import type { System } from '../consistency/system/system.js';
import { PrometheusServer } from '../support/prometheus-server.js';

/** How much faster than in production time passes for Prometheus: three seconds are a minute and a half to it. */
const SPEED = 30;
/** How long an instance may take to give its metrics, in milliseconds: less than the pause between two scrapes. */
const PATIENCE = 480;

/** What the IT department learns of a fault. */
export interface MonitoringResult {
  /** The names of the alerts that fired. */
  readonly alerts: readonly string[];
  /** The number of inspections that had a result. */
  readonly inspections: number;
}

/** A Prometheus of its own for one fault, so that no fault is taken for the one before. */
export class AlertWatch {
  private constructor(
    private readonly prometheus: PrometheusServer,
    private readonly relay: Server,
  ) {}

  static async start({ instances }: System): Promise<AlertWatch> {
    // A restarted instance listens on another port. So Prometheus asks this server, which asks the instance.
    const relay = createServer((request, response) => {
      const instance = instances.find(({ name }) => request.url === `/${name}`);
      void readMetrics(instance).then((metrics) =>
        response.writeHead(metrics === undefined ? 502 : 200, { 'content-type': 'text/plain' }).end(metrics),
      );
    });
    relay.unref();
    await once(relay.listen(0, '127.0.0.1'), 'listening');
    const { port } = relay.address() as AddressInfo;
    const targets = instances.map(({ name }) => ({ name, url: `http://127.0.0.1:${port}/${name}` }));
    return new AlertWatch(await PrometheusServer.start(SPEED, targets), relay);
  }

  /** @param began the start of the fault, on the clock of `performance` */
  async since(began: number): Promise<MonitoringResult> {
    const range = `[${Math.round(performance.now() - began)}ms]`;
    const firing = await this.prometheus.query(
      `max by (alertname) (max_over_time(ALERTS{alertstate="firing"}${range}))`,
    );
    const [inspected] = await this.prometheus.query(
      `sum(increase(mes_cache_inspections_total{result=~"match|mismatch"}${range}))`,
    );
    return {
      alerts: firing.map(({ labels }) => labels.alertname ?? '').sort(),
      inspections: Math.round(inspected?.value ?? 0),
    };
  }

  async stop(): Promise<void> {
    await this.prometheus.stop();
    this.relay.close();
  }
}

/** The metrics of an instance; undefined if it does not give them in time. */
async function readMetrics(instance: ApiInstance | undefined): Promise<string | undefined> {
  if (!instance?.isRunning) return undefined;
  try {
    const response = await fetch(`${instance.client.url}/metrics`, { signal: AbortSignal.timeout(PATIENCE) });
    return response.ok ? await response.text() : undefined;
  } catch {
    // To Prometheus, the instance is down.
    return undefined;
  }
}
