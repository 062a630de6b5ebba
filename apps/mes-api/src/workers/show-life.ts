import { SIGN_OF_LIFE_INTERVAL_MS, type MessageOfWorker } from './worker-messages.js';

/** Tells the supervisor now and then that this worker does not hang. */
export function showLife(): void {
  setInterval(() => {
    // Without the callback, a supervisor that has just gone would end the process.
    process.send?.({ type: 'alive' } satisfies MessageOfWorker, undefined, undefined, () => undefined);
  }, SIGN_OF_LIFE_INTERVAL_MS).unref();
}
