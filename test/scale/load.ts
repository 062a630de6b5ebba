import { Pool } from 'undici';
import type { ServerProcess } from '../bench/servers/server-process.js';
import type { Stage } from '../bench/servers/stage.js';
import { closedLoop } from '../bench/measure/closed-loop.js';
import { newOrder } from '../support/test-orders.js';
import type { Kind } from './capacity-model.js';

const LIST = '/api/v1/orders?status=NEW';
/** What browsers accept. */
const ACCEPT_ENCODING = 'br, gzip';

export interface LoadPlan {
  readonly clients: number;
  readonly seconds: number;
  /** Time between two requests of a client, in milliseconds; 0 for none. */
  readonly interval: number;
  /** The kind of the next request. */
  readonly next: () => Kind;
}

export interface LoadResult {
  readonly requests: number;
  /** Length of the load, in seconds. */
  readonly seconds: number;
  /** Bytes of all bodies. */
  readonly bytes: number;
  /** Requests of each kind. */
  readonly counts: ReadonlyMap<Kind, number>;
}

/** Clients that ask the instances of a node in turn. Each has a connection to each instance, and is a caller of its own. */
export class Clients {
  /** The list as each client has it. */
  private readonly etags: string[] = [];

  private constructor(
    private readonly pools: readonly Pool[],
    private readonly operators: readonly Readonly<Record<string, string>>[],
    private readonly partners: readonly Readonly<Record<string, string>>[],
    private readonly order: string,
  ) {}

  static async connect(stage: Stage, instances: readonly ServerProcess[], count: number): Promise<Clients> {
    const pools = instances.map(({ url }) => new Pool(url, { connections: count, pipelining: 1 }));
    const operators = await stage.callers('operator', count);
    const partners = await stage.callers('partner', count);
    const [pool] = pools;
    if (!pool) throw new Error('there is no instance');
    const found = await pool.request({ method: 'GET', path: LIST, headers: { ...operators[0] } });
    const { items } = (await found.body.json()) as { readonly items: readonly { readonly id: string }[] };
    return new Clients(pools, operators, partners, items[0]?.id ?? '');
  }

  async run({ clients, seconds, interval, next }: LoadPlan): Promise<LoadResult> {
    let [requests, bytes] = [0, 0];
    const counts = new Map<Kind, number>();
    const { elapsed } = await closedLoop({ clients, seconds, interval, pids: [] }, async (client) => {
      const turn = requests++;
      const { kind, length } = await this.send(next(), client, turn);
      bytes += length;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    });
    return { requests, seconds: elapsed / 1e6, bytes, counts };
  }

  /**
   * One client creates an order and, if `reads` is set, reads what it changes at each instance, again and again. Each round counts
   * as one request.
   */
  async renew(seconds: number, reads: boolean): Promise<{ readonly requests: number; readonly bytes: number }> {
    let rounds = 0;
    await closedLoop({ clients: 1, seconds, interval: 0, pids: [] }, async () => {
      await this.send('create', 0, rounds);
      rounds += 1;
      for (let i = 0; reads && i < this.pools.length; i += 1) {
        await this.send('list', 0, i);
        await this.send('dashboard', 0, i);
      }
    });
    return { requests: rounds, bytes: 0 };
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.destroy()));
  }

  /** Returns the length of the body in bytes, and the kind: a list that has changed is no unchanged one. */
  private async send(
    kind: Kind,
    client: number,
    turn: number,
  ): Promise<{ readonly kind: Kind; readonly length: number }> {
    const pool = this.pools[turn % this.pools.length];
    if (!pool) throw new Error('there is no instance');
    const caller = (kind === 'create' ? this.partners : this.operators)[client];
    const etag = kind === 'unchanged' ? this.etags[client] : undefined;
    const { statusCode, headers, body } = await pool.request({
      method: kind === 'create' ? 'POST' : 'GET',
      path: this.pathOf(kind),
      headers: {
        ...caller,
        'accept-encoding': ACCEPT_ENCODING,
        ...(etag !== undefined && { 'if-none-match': etag }),
        ...(kind === 'create' && { 'content-type': 'application/json' }),
      },
      body: kind === 'create' ? JSON.stringify(newOrder()) : null,
    });
    const { byteLength: length } = await body.arrayBuffer();
    if (statusCode >= 400) throw new Error(`${kind} has the status ${statusCode}`);
    if (kind !== 'unchanged') return { kind, length };
    this.etags[client] = String(headers.etag);
    return { kind: statusCode === 304 ? kind : 'list', length };
  }

  private pathOf(kind: Kind): string {
    switch (kind) {
      case 'unchanged':
      case 'list':
        return LIST;
      case 'order':
        return `/api/v1/orders/${this.order}`;
      case 'dashboard':
        return '/api/v1/dashboard/statuses';
      case 'create':
        return '/api/v1/orders';
    }
  }
}
