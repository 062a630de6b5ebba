/**
 * Signals that come within this time are one, in milliseconds: npm passes on what a terminal has told this process as well, and the
 * supervisor of workers what systemd has told them.
 */
export const ONE_SIGNAL = 1_000;
