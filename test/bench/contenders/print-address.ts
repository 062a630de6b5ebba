import type { AddressInfo } from 'node:net';

/** Prints the address of a server. The benchmark reads it. */
export function printAddress(address: AddressInfo | string | null): void {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  console.log(`http://127.0.0.1:${address.port}`);
}
