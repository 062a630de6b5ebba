import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AggregatorRegistry, Registry } from 'prom-client';
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

  constructor(private readonly registry: Registry) {
    if (this.number === undefined) return;
    registry.setDefaultLabels({ worker: this.number });
    process.on('message', this.onMessage);
  }

  onApplicationShutdown(): void {
    process.off('message', this.onMessage);
  }

  /** The text for Prometheus. */
  async text(): Promise<string> {
    if (this.number === undefined) return this.registry.metrics();
    const id = (this.lastQuestion += 1);
    const all = await new Promise<readonly ProcessMetricsJson[]>((resolve) => {
      this.waiting.set(id, resolve);
      send({ type: 'metrics-of-all?', id });
    });
    this.waiting.delete(id);
    // Each value has its worker as a label, so nothing is summed up. By other aggregators, some metrics would be left out.
    const apart = all.map((metrics) => metrics.map((metric) => ({ ...metric, aggregator: 'sum' as const })));
    return AggregatorRegistry.aggregate(apart).metrics();
  }

  private async receive(message: MessageOfSupervisor): Promise<void> {
    if (message.type === 'metrics-of-all') this.waiting.get(message.id)?.(message.all);
    if (message.type === 'metrics?')
      send({ type: 'metrics', id: message.id, metrics: await this.registry.getMetricsAsJSON() });
  }
}

function send(message: MessageOfWorker): void {
  process.send?.(message);
}
