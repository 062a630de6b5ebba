/** Waits until `condition` gives something that is not false or undefined, and returns that. */
export declare function eventually<T>(
  condition: () => T | Promise<T>,
  patience?: number,
): Promise<Exclude<T, false | undefined>>;
