import type { AddressInfo } from 'node:net';

/** Tells the benchmark where a server listens. */
export function announce(address: AddressInfo | string | null): void {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  console.log(`http://127.0.0.1:${address.port}`);
}
