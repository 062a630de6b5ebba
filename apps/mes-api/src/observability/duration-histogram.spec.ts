import { Histogram, Registry } from 'prom-client';
import { DurationHistogram } from './duration-histogram.js';

describe('DurationHistogram', () => {
  it('gives the same text as the histogram of prom-client', async () => {
    const options = {
      name: 'time_seconds',
      help: 'Time',
      labelNames: ['route', 'status'],
      buckets: [0.001, 0.01, 0.1],
    };
    const [own, theirs] = [new Registry(), new Registry()];
    const histogram = new DurationHistogram(own, options);
    const reference = new Histogram({ ...options, registers: [theirs] });
    for (const milliseconds of [0, 0.5, 1, 1.001, 9, 100, 100.5, 70_000]) {
      for (const [route, status] of [
        ['/a', '2xx'],
        ['/b"\n\\', '304'],
      ] as const) {
        histogram.with(route, status).observe(milliseconds);
        reference.observe({ route, status }, milliseconds / 1_000);
      }
    }
    expect(await own.metrics()).toBe(await theirs.metrics());
  });

  it('shows series at zero from their first mention', async () => {
    const registry = new Registry();
    new DurationHistogram(registry, { name: 't', help: 'T', labelNames: ['kind'], buckets: [1] }).with('one');
    expect(await registry.metrics()).toContain('t_count{kind="one"} 0');
  });
});
