const began = performance.now();

/** Says on standard error how far the run is. */
export function note(what: string): void {
  const seconds = Math.floor((performance.now() - began) / 1_000);
  const clock = `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
  console.error(`${clock}  ${what}`);
}
