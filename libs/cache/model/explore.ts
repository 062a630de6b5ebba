import { createHash } from 'node:crypto';

/** What somebody does, in words. */
export interface Action {
  readonly actor: string;
  readonly action: string;
}

/** One atomic step of one actor. */
export interface Step<State> extends Action {
  /**
   * Changes the state that it is given, which is a copy.
   *
   * @returns the promise that the step breaks, in words, if it breaks one
   */
  readonly take: (next: State) => string | undefined;
}

export interface Exploration {
  /** How many different states were seen. */
  readonly states: number;
  /** The shortest way to a broken promise; absent if the promises hold in every order of the steps. */
  readonly counterexample?: Counterexample;
}

export interface Counterexample {
  readonly steps: readonly Action[];
  readonly brokenPromise: string;
}

/** A part of the protocol as a program: it must keep its promises, and break one as soon as any of its rules is broken. */
export interface Model {
  readonly name: string;
  /** Explores the protocol as it is, by scenario. */
  readonly scenarios: Readonly<Record<string, () => Exploration>>;
  /** Explores the protocol without one rule, by what is done instead, in a scenario that shows why the rule is there. */
  readonly brokenRules: Readonly<Record<string, () => Exploration>>;
  /** Explores known ways to break a promise: what the protocol does not do. */
  readonly limits: Readonly<Record<string, () => Exploration>>;
}

/** The item at an index that is known to exist. */
export function itemAt<T>(list: readonly T[], index: number | null | undefined): T {
  const item = list[index ?? -1];
  if (item === undefined) throw new Error(`there is nothing at ${index}`);
  return item;
}

/** The same names with other values. */
export function mapValues<Name extends string, From, To>(
  record: Readonly<Record<Name, From>>,
  map: (value: From, name: Name) => To,
): Record<Name, To> {
  const entries = Object.entries<From>(record).map(([name, value]) => [name, map(value, name as Name)]);
  return Object.fromEntries(entries) as Record<Name, To>;
}

/** How a state was reached. There are millions, so it keeps nothing else: a step's function would keep the state alive. */
interface Way extends Action {
  readonly before?: Way;
}

/**
 * Takes the steps of a system in every possible order, breadth first, and visits each state once.
 *
 * @param initial the first state, made of plain objects, arrays and primitive values
 * @param stepsOf the steps that are possible in a state
 * @param keyOf equal for states that behave alike
 */
export function explore<State>(
  initial: State,
  stepsOf: (state: State) => readonly Step<State>[],
  keyOf: (state: State) => string,
): Exploration {
  const seen = new Set([digestOf(keyOf(initial))]);
  let states: { state: State; way?: Way }[] = [{ state: initial }];
  while (states.length > 0) {
    const following: typeof states = [];
    for (const { state, way: before } of states) {
      for (const { actor, action, take } of stepsOf(state)) {
        const next = copyOf(state);
        const brokenPromise = take(next);
        const way = { actor, action, before };
        if (brokenPromise !== undefined) {
          return { states: seen.size, counterexample: { steps: stepsTo(way), brokenPromise } };
        }
        const digest = digestOf(keyOf(next));
        if (seen.has(digest)) continue;
        seen.add(digest);
        following.push({ state: next, way });
      }
    }
    states = following;
  }
  return { states: seen.size };
}

function stepsTo(way: Way): Action[] {
  const steps: Action[] = [];
  for (let at: Way | undefined = way; at; at = at.before) steps.unshift(at);
  return steps;
}

/** Far shorter than a key, and different for different keys. */
function digestOf(key: string): string {
  return createHash('md5').update(key).digest('binary');
}

/** Looked up once, since Jest makes each look-up of a global slow. */
const { isArray } = Array;

/** Several times faster than `structuredClone`. */
function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) return value.map(copyOf) as T;
  const copy: Record<string, unknown> = {};
  for (const name in value) copy[name] = copyOf(value[name]);
  return copy as T;
}

/**
 * The state as text, with each token (`#1`) renamed by the place where it appears first, since only the equality of tokens
 * matters. A token that appears once equals no other, now or later, so all of these get the same name.
 */
export function keyWithoutTokens(state: unknown): string {
  const words: unknown[] = [];
  const firstPlaces = new Map<string, number>();
  write(state);
  return words.join(' ');

  function write(value: unknown): void {
    if (typeof value === 'string' && value.startsWith('#')) {
      writeToken(value);
    } else if (typeof value !== 'object' || value === null) {
      words.push(value);
    } else if (isArray(value)) {
      words.push(`[${value.length}`);
      value.forEach(write);
    } else {
      words.push('{');
      for (const name in value) {
        words.push(name);
        write((value as Record<string, unknown>)[name]);
      }
      words.push('}');
    }
  }

  function writeToken(token: string): void {
    const place = firstPlaces.get(token);
    if (place === undefined) {
      firstPlaces.set(token, words.length);
      words.push('#');
      return;
    }
    words[place] = `#${place}`;
    words.push(`#${place}`);
  }
}
