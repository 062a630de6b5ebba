import type { Pool } from 'undici';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { send } from '../measure/closed-loop.js';
import { Latencies } from '../measure/latencies.js';
import { FIRST_ORDERS, type Schedule, type Step } from './schedule.js';

/** Headers of the callers. */
export interface FloorHeaders {
  /** One for each client. */
  readonly readers: readonly Readonly<Record<string, string>>[];
  readonly operator: Readonly<Record<string, string>>;
  readonly partner: Readonly<Record<string, string>>;
}

/** The workshop of the factory day: carries out the steps of a schedule and measures their times. */
export class Floor {
  readonly reads = new Latencies();
  readonly writes = new Latencies();
  /** Number of reads for which a cache would have to load if the steps ran one after the other. */
  neededLoads = 0;
  /** The id of each order. The promise resolves when the last write of the order is acknowledged. */
  private readonly orders: Promise<string>[] = [];

  constructor(
    private readonly schedule: Schedule,
    private readonly headers: FloorHeaders,
  ) {}

  /** Creates the first orders of the schedule, without measuring it. */
  async prepare(pool: Pool): Promise<void> {
    for (let order = 0; order < FIRST_ORDERS; order += 1) await this.act(this.schedule.next(), pool, 0);
    this.writes.reset();
  }

  /** Carries out the next step as a client, at the instance of a pool of connections. */
  step(pool: Pool, client: number): Promise<void> {
    return this.act(this.schedule.next(), pool, client);
  }

  private async act(step: Step, pool: Pool, client: number): Promise<void> {
    switch (step.kind) {
      case 'read':
        return this.read(pool, step, this.headers.readers[client] ?? {});
      case 'create':
        return this.write(step.order, this.create(pool, step.body));
      case 'change':
        return this.write(step.order, this.change(pool, this.order(step.order), step.to));
    }
  }

  private async read(
    pool: Pool,
    { path, needsLoad }: Extract<Step, { kind: 'read' }>,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { milliseconds } = await send(pool, { method: 'GET', path, headers, status: 200 });
    this.reads.record(milliseconds);
    if (needsLoad) this.neededLoads += 1;
  }

  private async write(order: number, writing: Promise<string>): Promise<void> {
    this.orders[order] = writing;
    await writing;
  }

  private async create(pool: Pool, body: string): Promise<string> {
    const headers = this.headers.partner;
    const created = await send(pool, { method: 'POST', path: '/api/v1/orders', headers, body, status: 201 });
    this.writes.record(created.milliseconds);
    return (JSON.parse(created.text) as { id: string }).id;
  }

  private async change(pool: Pool, order: Promise<string>, status: OrderStatus): Promise<string> {
    const id = await order;
    const { milliseconds } = await send(pool, {
      method: 'PATCH',
      path: `/api/v1/orders/${id}/status`,
      headers: this.headers.operator,
      body: JSON.stringify({ status }),
      status: 200,
    });
    this.writes.record(milliseconds);
    return id;
  }

  private order(order: number): Promise<string> {
    return this.orders[order] ?? Promise.reject(new RangeError(`order ${order} has not been created`));
  }
}
