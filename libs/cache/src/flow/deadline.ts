/** Thrown when an operation did not answer within its deadline. The operation itself may still take effect later. */
export class DeadlineExceededError extends Error {
  readonly code = 'CACHE_DEADLINE_EXCEEDED';

  constructor(readonly milliseconds: number) {
    super(`no answer within ${milliseconds} ms`);
  }
}

/**
 * Settles like `operation`, or rejects when that takes longer than `milliseconds`.
 *
 * @throws {DeadlineExceededError}
 */
export function withDeadline<T>(operation: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    operation.then(resolve, reject);
    whenSlow(operation, milliseconds, () => {
      reject(new DeadlineExceededError(milliseconds));
    });
  });
}

/** A timer is late that fires later than by this part of its time: this process was busy itself. */
const LATE = 0.5;

/** How often an operation gets its time again because this process was busy. */
const MAX_CHANCES = 5;

/**
 * Calls back, once, when `operation` takes longer than `milliseconds`.
 *
 * A process that was itself busy does not blame the server for its own delay: when the timer fires, answers that already
 * wait in the socket are read first, since timers run before input in Node's event loop; and when it fires late, the
 * operation gets its time again.
 */
export function whenSlow(operation: Promise<unknown>, milliseconds: number, callback: () => void): void {
  let settled = false;
  let timer: NodeJS.Timeout;
  const wait = (chances: number): void => {
    const due = performance.now() + milliseconds;
    timer = setTimeout(() => {
      const isLate = performance.now() - due > milliseconds * LATE;
      setImmediate(() => {
        if (settled) return;
        if (isLate && chances > 0) wait(chances - 1);
        else callback();
      });
    }, milliseconds);
  };
  wait(MAX_CHANCES);
  const complete = (): void => {
    settled = true;
    clearTimeout(timer);
  };
  operation.then(complete, complete);
}
