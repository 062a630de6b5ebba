import { Presets, SingleBar } from 'cli-progress';

/** Shows the progress of a long task. */
export interface Progress {
  /** @param done the number of finished items */
  update(done: number): void;
  stop(): void;
}

const LINE_INTERVAL = 2_000;

/** A bar on a terminal or, elsewhere, a line every two seconds; on standard error. */
export function showProgress(total: number, what: string): Progress {
  return process.stderr.isTTY ? bar(total, what) : lines(total, what);
}

function bar(total: number, what: string): Progress {
  const format = `{bar} {percentage} % | {value} of {total} ${what} | {eta_formatted} left`;
  const single = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic);
  single.start(total, 0);
  return {
    update: (done) => {
      single.update(done);
    },
    stop: () => {
      single.stop();
    },
  };
}

function lines(total: number, what: string): Progress {
  let next = performance.now() + LINE_INTERVAL;
  return {
    update: (done) => {
      if (performance.now() < next) return;
      next = performance.now() + LINE_INTERVAL;
      console.error(`${done} of ${total} ${what}`);
    },
    stop: () => undefined,
  };
}
