import type { Pool } from 'undici';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import { send } from '../measure/closed-loop.js';
import { Latencies } from '../measure/latencies.js';
import { FIRST_ORDERS, type Schedule, type Step } from './schedule.js';

/** Headers of those who act. */
export interface FloorHeaders {
  readonly reader: Readonly<Record<string, string>>;
  readonly operator: Readonly<Record<string, string>>;
  readonly partner: Readonly<Record<string, string>>;
}

/** Does what a schedule says, and notes how long it took. */
export class Floor {
  readonly reads = new Latencies();
  readonly writes = new Latencies();
  /** Reads that a cache would have to load for, were the steps done one after the other. */
  neededLoads = 0;
  /** The id of each order, there when the last write of the order is acknowledged. */
  private readonly orders: Promise<string>[] = [];

  constructor(
    private readonly schedule: Schedule,
    private readonly headers: FloorHeaders,
  ) {}

  /** What the schedule begins with; not measured. */
  async prepare(pool: Pool): Promise<void> {
    for (let order = 0; order < FIRST_ORDERS; order += 1) await this.act(this.schedule.next(), pool);
    this.writes.reset();
  }

  /** Does the next step, at the instance that a pool of connections leads to. */
  step(pool: Pool): Promise<void> {
    return this.act(this.schedule.next(), pool);
  }

  private async act(step: Step, pool: Pool): Promise<void> {
    switch (step.kind) {
      case 'read':
        return this.read(pool, step.path, step.needsLoad);
      case 'create':
        return this.write(step.order, this.create(pool, step.body));
      case 'change':
        return this.write(step.order, this.change(pool, this.order(step.order), step.to));
    }
  }

  private async read(pool: Pool, path: string, needsLoad: boolean): Promise<void> {
    const { milliseconds } = await send(pool, { method: 'GET', path, headers: this.headers.reader, status: 200 });
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
