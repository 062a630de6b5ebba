import type { Caller } from '../auth/caller.js';

/** The name that the requests of an authenticated caller are counted by, whatever tokens they come with. */
export function trackerOf({ subject }: Caller): string {
  return `subject:${subject}`;
}
