/** The duration of a fault that does not end by itself, in milliseconds. */
export const WHILE = 3_000;
