import type { Call } from '../history/call.js';

interface Sight {
  readonly version: number;
  readonly call: Call;
}

/** The latest version of each order that each client has been shown. */
export class ClientView {
  private readonly sights = new Map<string, Map<string, Sight>>();

  /** The latest versions that a client was shown, except those that `forget` removed. */
  of(client: string): ReadonlyMap<string, Sight> {
    return this.sights.get(client) ?? new Map<string, Sight>();
  }

  /** @returns an earlier call that showed a later version, if there is one */
  note(call: Call, order: string, version: number): Call | undefined {
    const known = this.sights.get(call.client) ?? new Map<string, Sight>();
    this.sights.set(call.client, known);
    const sight = known.get(order);
    if (sight && sight.version > version) return sight.call;
    if (sight?.version !== version) known.set(order, { version, call });
    return undefined;
  }

  /** Removes an order whose version is acknowledged by now, so that every client must be shown it. */
  forget(client: string, order: string): void {
    this.sights.get(client)?.delete(order);
  }
}
