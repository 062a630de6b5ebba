const began = performance.now();

/** Prints the progress of the run to standard error. */
export function note(what: string): void {
  const seconds = Math.floor((performance.now() - began) / 1_000);
  const clock = `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
  console.error(`${clock}  ${what}`);
}
