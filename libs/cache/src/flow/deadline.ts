/** An operation did not answer within its deadline. It may still take effect later. */
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

/** A time limit is counted in so many steps. A process that was busy for long counts no more than one of them. */
const STEPS = 4;

/**
 * Calls back, once, when `operation` takes longer than `milliseconds`.
 *
 * A process that was busy does not blame the server for its own delay: that hardly counts. At the end, answers that already wait
 * in the socket are read first, since Node's event loop runs timers before input.
 */
export function whenSlow(operation: Promise<unknown>, milliseconds: number, callback: () => void): void {
  let isSettled = false;
  let left = STEPS;
  const timer = setInterval(
    () => {
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      setImmediate(() => {
        if (!isSettled) callback();
      });
    },
    Math.ceil(milliseconds / STEPS),
  );
  const settle = (): void => {
    isSettled = true;
    clearInterval(timer);
  };
  operation.then(settle, settle);
}
