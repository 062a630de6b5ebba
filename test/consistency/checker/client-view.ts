import type { Call } from '../history/call.js';

interface Sight {
  readonly version: number;
  readonly call: Call;
}

/** The latest that each client has been shown of each order. */
export class ClientView {
  private readonly sights = new Map<string, Map<string, Sight>>();

  /** What was shown of orders so far, where it is later than what must be seen anyway. */
  of(client: string): ReadonlyMap<string, Sight> {
    return this.sights.get(client) ?? new Map<string, Sight>();
  }

  /** @returns the call that showed a later version before, if one did */
  note(call: Call, order: string, version: number): Call | undefined {
    const known = this.sights.get(call.client) ?? new Map<string, Sight>();
    this.sights.set(call.client, known);
    const sight = known.get(order);
    if (sight && sight.version > version) return sight.call;
    if (sight?.version !== version) known.set(order, { version, call });
    return undefined;
  }

  /** Whoever asks must see this much of the order anyway. */
  forget(client: string, order: string): void {
    this.sights.get(client)?.delete(order);
  }
}
