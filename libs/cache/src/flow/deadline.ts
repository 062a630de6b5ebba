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
 * When the timer fires, answers that already wait in the socket are still read first: timers run before input in Node's
 * event loop, so a process that was itself busy for a while would otherwise blame the server for its own delay.
 *
 * @throws {DeadlineExceededError}
 */
export function withDeadline<T>(operation: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      setImmediate(() => {
        reject(new DeadlineExceededError(milliseconds));
      });
    }, milliseconds);
    operation.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
