/** Longer than the benchmark, in seconds: nothing that is measured as a hit may expire. */
export const LIFETIME_SECONDS = 24 * 60 * 60;
