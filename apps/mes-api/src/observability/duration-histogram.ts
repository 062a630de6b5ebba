import type { Histogram, MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

/** Durations with the same labels. */
export class DurationSeries {
  /** The number of durations up to each bound, but over the one before; the last number is for those over all bounds. */
  private readonly counts: number[];
  private sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = Array<number>(bounds.length + 1).fill(0);
  }

  observe(milliseconds: number): void {
    const seconds = milliseconds / 1_000;
    let i = 0;
    while (seconds > (this.bounds[i] ?? Infinity)) i += 1;
    this.counts[i] = (this.counts[i] ?? 0) + 1;
    this.sum += seconds;
  }

  /** The samples of the text format of Prometheus. */
  samples(name: string, labels: Readonly<Record<string, string>>): MetricValue<string>[] {
    const bounds = [...this.bounds, Infinity];
    let count = 0;
    const buckets = bounds.map((bound, i) => {
      count += this.counts[i] ?? 0;
      const le = bound === Infinity ? '+Inf' : bound;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.sum },
      { metricName: `${name}_count`, labels, value: count },
    ] as MetricValue<string>[];
  }
}

interface DurationHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds of the buckets in seconds, in ascending order. */
  readonly buckets: readonly number[];
}

/**
 * A histogram of durations in a registry of prom-client. Whoever observes often keeps the series: then an observation is an
 * addition to an array, while prom-client's own histogram makes a text of the labels each time.
 */
export class DurationHistogram {
  readonly name: string;
  private readonly series = new Map<string, { readonly values: readonly string[]; readonly one: DurationSeries }>();

  constructor(
    registry: Registry,
    private readonly options: DurationHistogramOptions,
  ) {
    this.name = options.name;
    // A registry only asks its metrics for their names and for the values below.
    registry.registerMetric(this as unknown as Histogram);
  }

  /** The series with these values of the labels, which exists from then on. */
  with(...values: readonly string[]): DurationSeries {
    const key = values.join('\n');
    let found = this.series.get(key);
    if (!found) this.series.set(key, (found = { values, one: new DurationSeries(this.options.buckets) }));
    return found.one;
  }

  get(): Promise<MetricObjectWithValues<MetricValue<string>>> {
    const { name, help, labelNames } = this.options;
    const values = [...this.series.values()].flatMap((series) =>
      series.one.samples(name, Object.fromEntries(labelNames.map((label, i) => [label, series.values[i] ?? '']))),
    );
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values } as never);
  }
}
