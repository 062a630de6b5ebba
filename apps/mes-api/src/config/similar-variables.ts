/** Names below this length are like too many others. */
const SHORTEST = 6;

/** How many letters a name of this length or longer may differ in; a shorter one may differ in one. */
const LONG = 8;

/**
 * The variables that are set, have no effect, and look like misspelt ones of ours, each with the name that was probably meant.
 *
 * They are named, but do not stop the start: the environment also holds variables of other programs, which may be alike.
 */
export function findMisspelt(variables: NodeJS.ProcessEnv, known: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value = ''] of Object.entries(variables)) {
    if (value.trim() === '' || known.includes(name)) continue;
    const meant = closest(name, known);
    if (meant !== undefined) found.set(name, meant);
  }
  return found;
}

function closest(name: string, known: readonly string[]): string | undefined {
  const given = name.toUpperCase().replaceAll('-', '_');
  const alike = known
    .filter((one) => one.length >= SHORTEST)
    .map((one) => ({ one, distance: distanceOf(given, one) }))
    .filter(({ one, distance }) => distance <= (one.length >= LONG ? 2 : 1) || haveSameBegin(given, one));
  return alike.sort((a, b) => a.distance - b.distance)[0]?.one;
}

/** Whether two names differ only after their first two words, as RATE_LIMIT_PER_MIN does from RATE_LIMIT_PER_MINUTE. */
function haveSameBegin(given: string, known: string): boolean {
  // Other variables of OpenTelemetry have effects as well.
  if (known.startsWith('OTEL_')) return false;
  const words = known.split('_');
  const begin = words.slice(0, 2).join('_');
  return words.length > 2 && (given === begin || given.startsWith(`${begin}_`));
}

/** The number of letters to insert, remove, replace or swap with the next one (optimal string alignment). */
function distanceOf(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= one.length; i += 1) {
    rows[i] = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = at(i - 1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwap = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwap ? at(i - 2, j - 2) + 1 : Infinity;
      rows[i]?.push(Math.min(replaced, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(one.length, other.length);
}
