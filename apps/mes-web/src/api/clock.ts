/** A smaller difference may come from the time that a response takes. In milliseconds. */
const TOLERANCE = 30_000;

/** How far the clock of the API is ahead of the one of the device, in milliseconds. */
let ahead = 0;
const listeners = new Set<() => void>();

/**
 * The time by the clock of the API. The clock of a device may be hours wrong, and orders would be shown as late that are not.
 *
 * @returns milliseconds since 1970
 */
export function currentTime(): number {
  return timeOfApi(Date.now());
}

/** A time by the clock of the device, such as that of an update, by the clock of the API. In milliseconds since 1970. */
export function timeOfApi(timeOfDevice: number): number {
  return timeOfDevice + ahead;
}

/** Compares the clocks. A response from the cache of the browser also has the time of its revalidation. */
export function compareClocks({ headers }: Response): void {
  const difference = Date.parse(headers.get('date') ?? '') - Date.now();
  if (Number.isNaN(difference)) return;
  const next = Math.abs(difference) < TOLERANCE ? 0 : difference;
  if (Math.abs(next - ahead) < TOLERANCE) return;
  ahead = next;
  for (const listener of listeners) listener();
}

/** Calls back when the current time jumps, until the returned function is called. */
export function onTimeJump(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
