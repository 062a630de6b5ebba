import { Counter, Gauge, type Registry } from 'prom-client';

/** A value and its labels. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

type Read = () => number | readonly Sample[] | Promise<number | readonly Sample[]>;

/** A counter whose values somebody else counts. They are read at each scrape. */
export function counterReadAtScrape(registry: Registry, { name, help, labelNames = [] }: Described, read: Read): void {
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const samples = samplesOf(await read());
      this.reset();
      for (const { labels = {}, value } of samples) this.inc(labels, value);
    },
  });
}

/** A gauge whose values are read at each scrape. Without samples, it has none. */
export function gaugeReadAtScrape(registry: Registry, { name, help, labelNames = [] }: Described, read: Read): void {
  new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const samples = samplesOf(await read());
      this.reset();
      if (labelNames.length === 0 && samples.length === 0) this.remove();
      for (const { labels = {}, value } of samples) this.set(labels, value);
    },
  });
}

/** Samples with one label, from the values by the label. */
export function samplesBy(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function samplesOf(read: number | readonly Sample[]): readonly Sample[] {
  return typeof read === 'number' ? [{ value: read }] : read;
}
