/**
 * The same bytes in memory of their own. Node cuts small buffers out of larger ones that they share, and what is kept
 * for long would keep all of the larger one.
 */
export function ownBytes(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
