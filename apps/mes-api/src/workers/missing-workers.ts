import { Gauge, type Registry } from 'prom-client';

/** Counts the workers that should serve the port and do not. Without a supervisor, there are none. */
export function countMissingWorkers(registry: Registry, read: () => number): void {
  new Gauge({
    name: 'mes_workers_missing',
    help: 'Workers that should serve the port and do not',
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
