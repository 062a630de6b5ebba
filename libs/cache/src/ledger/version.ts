import { randomBytes } from 'node:crypto';
import type { Version } from './ledger.js';

/** A version that was never used before: 96 random bits, base64url. */
export function freshVersion(): Version {
  return randomBytes(12).toString('base64url');
}
