import type { OrdersApi } from './orders-api.js';

type Labels = Readonly<Record<string, string>>;

interface ScrapedSample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** The metrics of an instance at one moment. */
export class Scrape {
  private readonly samples: readonly ScrapedSample[];

  private constructor(readonly text: string) {
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(parse);
  }

  static async of(api: OrdersApi): Promise<Scrape> {
    const { status, body } = await api.call<string>('/metrics');
    if (status !== 200) throw new Error(`the metrics were refused with ${status}`);
    return new Scrape(body);
  }

  /** @param text as `/metrics` answers */
  static from(text: string): Scrape {
    return new Scrape(text);
  }

  /** The names of the metrics. */
  get names(): readonly string[] {
    return [...this.text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  }

  get size(): number {
    return this.samples.length;
  }

  /** The sum of the samples with these labels, which may have others; undefined without any. */
  value(name: string, labels: Labels = {}): number | undefined {
    const found = this.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** The values that a label has in the samples of a metric. */
  labelValues(name: string, label: string): ReadonlySet<string> {
    return new Set(this.samples.filter((sample) => sample.name === name).flatMap(({ labels }) => labels[label] ?? []));
  }
}

function parse(line: string): ScrapedSample {
  const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${line}`);
  return {
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', text = '']) => [label, text]),
    ),
    value: Number(value.replace('Inf', 'Infinity')),
  };
}
