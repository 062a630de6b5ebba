import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AggregatorRegistry, Registry } from 'prom-client';
import { countMissingWorkers } from './missing-workers.js';
import {
  WORKER_NUMBER,
  type MessageOfSupervisor,
  type MessageOfWorker,
  type ProcessMetricsJson,
} from './worker-messages.js';

/**
 * The metrics of all workers, each with its number as the label `worker`, whichever worker is asked. Without workers, those of this
 * process.
 */
@Injectable()
export class MetricsOfAllWorkers implements OnApplicationShutdown {
  private readonly waiting = new Map<number, (all: readonly ProcessMetricsJson[]) => void>();
  private lastQuestion = 0;
  private readonly number = process.env[WORKER_NUMBER];
  private readonly onMessage = (message: unknown): void => {
    void this.receive(message as MessageOfSupervisor);
  };
  private readonly onDisconnect = (): void => {
    void this.answerAlone();
  };

  constructor(private readonly registry: Registry) {
    if (this.number === undefined) {
      countMissingWorkers(registry, () => 0);
      return;
    }
    registry.setDefaultLabels({ worker: this.number });
    process.on('message', this.onMessage);
    process.on('disconnect', this.onDisconnect);
  }

  onApplicationShutdown(): void {
    process.off('message', this.onMessage);
    process.off('disconnect', this.onDisconnect);
  }

  /** The text for Prometheus. A worker that has left the supervisor, because it stops, gives its own metrics alone. */
  async text(): Promise<string> {
    if (this.number === undefined || !process.connected) return this.registry.metrics();
    const id = (this.lastQuestion += 1);
    const all = await new Promise<readonly ProcessMetricsJson[]>((resolve) => {
      this.waiting.set(id, resolve);
      send({ type: 'metrics-of-all?', id });
    });
    this.waiting.delete(id);
    // Each value has its worker as a label or is the supervisor's, so nothing is summed up. By other aggregators, some metrics would be
    // left out.
    const apart = all.map((metrics) => metrics.map((metric) => ({ ...metric, aggregator: 'sum' as const })));
    return AggregatorRegistry.aggregate(apart).metrics();
  }

  private async answerAlone(): Promise<void> {
    const own = await this.registry.getMetricsAsJSON();
    for (const resolve of this.waiting.values()) resolve([own]);
  }

  private async receive(message: MessageOfSupervisor): Promise<void> {
    if (message.type === 'metrics-of-all') this.waiting.get(message.id)?.(message.all);
    if (message.type === 'metrics?')
      send({ type: 'metrics', id: message.id, metrics: await this.registry.getMetricsAsJSON() });
  }
}

function send(message: MessageOfWorker): void {
  // A worker that stops may have left the supervisor meanwhile. Without the callback, that would end the process.
  process.send?.(message, undefined, undefined, () => undefined);
}
