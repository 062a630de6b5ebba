import { randomUUID } from 'node:crypto';
import type { Version } from './version-store.js';

/** A version that was never used before: 122 random bits. Node keeps random bits for these in stock, unlike for others. */
export function freshVersion(): Version {
  return randomUUID();
}
