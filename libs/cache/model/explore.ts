/** One atomic step: changes the state that it is given, or gives undefined if it is not possible now. */
export interface Step<S> {
  readonly name: string;
  /** @returns an explanation if the step shows something that must never be seen */
  readonly take: (state: S) => string | undefined;
}

export interface Exploration {
  readonly states: number;
  /** What must never be seen, and the steps that lead to it; absent if no order of the steps leads to any. */
  readonly violation?: { readonly what: string; readonly path: readonly string[] };
}

/**
 * Takes every order of the steps of a system, from its first state on, and looks at each state once.
 *
 * @param initial state, made of plain objects, arrays and primitive values
 * @param stepsOf the steps that are possible in a state
 * @param keyOf names a state: states of one name differ only in the names of tokens
 */
export function explore<S>(
  initial: S,
  stepsOf: (state: S) => readonly Step<S>[],
  keyOf: (state: S) => string,
): Exploration {
  interface Node {
    readonly state: S;
    readonly step?: string;
    readonly from?: Node;
  }
  const seen = new Set([keyOf(initial)]);
  const open: Node[] = [{ state: initial }];
  for (let node = open.pop(); node; node = open.pop()) {
    for (const { name, take } of stepsOf(node.state)) {
      const state = structuredCloneOfPlain(node.state);
      const what = take(state);
      if (what !== undefined)
        return { states: seen.size, violation: { what, path: pathOf({ state, step: name, from: node }) } };
      const key = keyOf(state);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push({ state, step: name, from: node });
    }
  }
  return { states: seen.size };

  function pathOf(node: Node): string[] {
    const path: string[] = [];
    for (let at: Node | undefined = node; at?.step !== undefined; at = at.from) path.unshift(at.step);
    return path;
  }
}

function structuredCloneOfPlain<T>(value: T): T {
  if (Array.isArray(value)) return value.map(structuredCloneOfPlain) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key in value) copy[key] = structuredCloneOfPlain(value[key]);
  return copy as T;
}

/** The state as text, with tokens renamed by their first appearance: which random values they are does not matter. */
export function keyWithoutTokens(state: unknown): string {
  const names = new Map<string, number>();
  return JSON.stringify(state, (_, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith('#')) return value;
    const name = names.get(value) ?? names.size;
    names.set(value, name);
    return `#${name}`;
  });
}
