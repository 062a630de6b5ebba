import { write, writeSync } from 'node:fs';
import { Reminder } from '@mes/cache';
import type { DestinationStream } from 'pino';

const STANDARD_OUTPUT = 1;

/** Most characters that wait while they cannot be written. Further lines are lost. */
const MOST_WAITING = 1_000_000;

/** Time until the next attempt, in milliseconds. */
export const PAUSE_MS = 250;

/** How long the end of the process waits for a reader that is slow, in milliseconds. */
const LAST_PATIENCE_MS = 1_000;
const LAST_PAUSE_MS = 10;

/**
 * Writes the lines of the log to standard output. That may be a file on a full disk, or a terminal that is gone: the process goes on, and
 * ends, as if nothing had happened. What cannot be written waits, up to a limit. The output of pino itself would try for ever, also at
 * the end of the process.
 */
export class LogOutput implements DestinationStream {
  /** What is written first. */
  private next = Buffer.alloc(0);
  private waiting = '';
  /** From the beginning of a write to its success. */
  private isBusy = false;
  /** Whether the system has it in hand. */
  private isUnderWay = false;
  private isClosed = false;
  private readonly reminder = new Reminder();

  /** @param tell says on another way that the log cannot be written */
  constructor(
    private readonly descriptor = STANDARD_OUTPUT,
    private readonly tell: (line: string) => void = console.error,
  ) {}

  write(line: string): void {
    if (this.isClosed || this.waiting.length > MOST_WAITING) return;
    this.waiting += line;
    if (!this.isBusy) this.writeNext();
  }

  /**
   * For the end of the process: writes what waits, or gives it up. Nothing is written later, because the descriptor may be another
   * file's then.
   */
  close(): void {
    this.isClosed = true;
    const rest = Buffer.concat([this.isUnderWay ? Buffer.alloc(0) : this.next, Buffer.from(this.waiting)]);
    const deadline = performance.now() + LAST_PATIENCE_MS;
    for (let done = 0; done < rest.length && performance.now() < deadline;) {
      try {
        done += writeSync(this.descriptor, rest, done);
      } catch (error) {
        if (!isSlowReader(error)) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_PAUSE_MS);
      }
    }
  }

  private writeNext(): void {
    if (this.isClosed) return;
    if (this.next.length === 0) {
      this.next = Buffer.from(this.waiting);
      this.waiting = '';
    }
    this.isBusy = this.next.length > 0;
    if (!this.isBusy) return;
    this.isUnderWay = true;
    write(this.descriptor, this.next, (error, written) => {
      this.isUnderWay = false;
      if (error) {
        if (!isSlowReader(error)) this.report(error);
        setTimeout(() => {
          this.writeNext();
        }, PAUSE_MS).unref();
        return;
      }
      this.next = this.next.subarray(written);
      this.writeNext();
    });
  }

  private report({ code = 'unknown' }: NodeJS.ErrnoException): void {
    const line = `The log cannot be written to standard output (${code}): make room there, or start the API with another output`;
    if (this.reminder.isDue(line)) this.tell(line);
  }
}

/** Whether a pipe is full for the moment. */
function isSlowReader(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
