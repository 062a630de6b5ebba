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

/** A timer that fires later than by this fraction of its time shows that this process was busy itself. */
const LATE = 0.5;

/** How often an operation gets its time again because this process was busy. */
const MAX_EXTENSIONS = 5;

/**
 * Calls back, once, when `operation` takes longer than `milliseconds`.
 *
 * A process that was busy does not blame the server for its own delay. When the timer fires, answers that already wait in
 * the socket are read first, since Node's event loop runs timers before input. When it fires late, the operation gets its
 * time again.
 */
export function whenSlow(operation: Promise<unknown>, milliseconds: number, callback: () => void): void {
  let isSettled = false;
  let timer: NodeJS.Timeout;
  const wait = (extensions: number): void => {
    const due = performance.now() + milliseconds;
    timer = setTimeout(() => {
      const isLate = performance.now() - due > milliseconds * LATE;
      setImmediate(() => {
        if (isSettled) return;
        if (isLate && extensions > 0) wait(extensions - 1);
        else callback();
      });
    }, milliseconds);
  };
  wait(MAX_EXTENSIONS);
  const settle = (): void => {
    isSettled = true;
    clearTimeout(timer);
  };
  operation.then(settle, settle);
}
