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

/**
 * Calls back, once, when `operation` takes longer than `milliseconds`.
 *
 * When the timer fires, answers that already wait in the socket are still read first: timers run before input in Node's
 * event loop, so a process that was itself busy for a while would otherwise blame the server for its own delay.
 */
export function whenSlow(operation: Promise<unknown>, milliseconds: number, callback: () => void): void {
  let settled = false;
  const timer = setTimeout(() => {
    setImmediate(() => {
      if (!settled) callback();
    });
  }, milliseconds);
  const settle = (): void => {
    settled = true;
    clearTimeout(timer);
  };
  operation.then(settle, settle);
}
