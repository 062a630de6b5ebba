import { build } from 'hdr-histogram-js';

/** Percentiles of request times, in microseconds. */
export interface LatencyFigures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const LONGEST_US = 120_000_000;

/** A histogram of request times with three significant digits. */
export class Latencies {
  private readonly histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });

  get count(): number {
    return this.histogram.totalCount;
  }

  /** @param milliseconds the time of a request; fractions count */
  record(milliseconds: number): void {
    this.histogram.recordValue(Math.min(LONGEST_US, Math.max(1, Math.round(milliseconds * 1_000))));
  }

  /** Discards all recorded times. */
  reset(): void {
    this.histogram.reset();
  }

  figures(): LatencyFigures {
    return {
      p50: this.histogram.getValueAtPercentile(50),
      p99: this.histogram.getValueAtPercentile(99),
      max: this.histogram.maxValue,
    };
  }
}
