import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import {
  CHANGEABLE_STATUSES,
  HOLD_REASONS,
  nextStatuses,
  type OrderStatus,
} from '../../../apps/mes-api/src/orders/order-status.js';
import { ORDER_PRIORITIES } from '../../../apps/mes-api/src/orders/order.js';
import { newOrder } from '../../support/test-orders.js';
import { ordersShown, type Asked, type Call, type Filter, type List, type SeenOrder } from '../history/call.js';
import { AnswerReader, type ReadAnswer } from './answers.js';
import type { Board } from './board.js';
import { RefusedError, type HttpAnswer, type HttpRequest, type Instance } from './instance.js';
import { LISTS, pathOf, pathOfTotal, TOTALS, WALKED } from './lists.js';
import { cacheUseOf, type Recorder, type Watched } from './recorder.js';

/** The state that all clients of a run share. */
export interface Floor {
  readonly recorder: Recorder;
  readonly board: Board;
  readonly reader: AnswerReader;
  /** The `Authorization` header of each actor. */
  readonly authorization: Readonly<Record<Actor, string>>;
  /** The instances that accept requests now. */
  readonly instances: () => readonly Instance[];
}

export const ACTORS = ['operator-1', 'operator-2', 'partner-1', 'partner-2', 'viewer-1', 'admin-1'] as const;
export type Actor = (typeof ACTORS)[number];
const OPERATORS = ['operator-1', 'operator-2'] as const;

type Dashboard = 'due' | 'workload' | 'throughput';
type Reading = 'list' | 'order' | 'history' | 'counts' | 'total' | 'walk' | Dashboard;
type Writing = 'create' | 'move' | 'move several' | 'edit';
export type Action = Reading | Writing;

/** The behaviour of a client. */
export interface Habits {
  /** The longest pause between two requests, in milliseconds. */
  readonly pause: number;
  /** The actions of the client with their weights; a mix of all actions by default. */
  readonly actions?: readonly (readonly [Action, number])[];
  /** The label of its requests in the record. */
  readonly watches?: Watched;
}

const ACTIONS: Habits['actions'] & object = [
  ['list', 42],
  ['order', 14],
  ['history', 5],
  ['counts', 5],
  ['total', 8],
  ['due', 3],
  ['workload', 3],
  ['throughput', 2],
  ['walk', 2],
  ['create', 9],
  ['move', 13],
  ['move several', 3],
  ['edit', 6],
];
/** The number of new orders from which clients move orders instead of creating more. */
const MANY_NEW_ORDERS = 90;
const REFUSAL_PAUSE_MS = 5;
/** The time for which a client looks for an instance that accepts its request, in milliseconds. */
const SEARCH_PATIENCE_MS = 30_000;
const DAY_MS = 24 * 60 * 60_000;
/** In days. An order that is due then is one of those due soon. */
const HALF_A_DAY = 0.5;
const CONDITIONAL = 0.5;
/** The share of changes that are sent twice, as by a client that has received no answer. */
const REPEATED = 0.2;

let lastMoment = 0;

/** A time in so many days, to the millisecond, that this program has given nobody else. */
function uniqueTime(days: number): string {
  lastMoment = Math.max(lastMoment + 1, Date.now());
  return new Date(lastMoment + days * DAY_MS).toISOString();
}

interface Held {
  readonly etag: string;
  readonly answer: ReadAnswer;
}

/** A client that sends one request at a time, to any instance. Its choices depend on its seed. */
export class Client {
  private readonly held = new Map<string, Held>();
  private serial = 0;

  constructor(
    readonly name: string,
    private readonly floor: Floor,
    private readonly random: Random,
    private readonly habits: Habits,
  ) {}

  async act(): Promise<void> {
    const { random } = this;
    switch (random.pickWeighted(this.habits.actions ?? ACTIONS)) {
      case 'list':
        await this.list(random.pickWeighted(LISTS));
        break;
      case 'order':
        await this.lookAtRecent('order');
        break;
      case 'history':
        await this.lookAtRecent('history');
        break;
      case 'counts':
        await this.counts();
        break;
      case 'total':
        await this.total(random.pickWeighted(TOTALS));
        break;
      case 'due':
        await this.dashboard('due');
        break;
      case 'workload':
        await this.dashboard('workload');
        break;
      case 'throughput':
        await this.dashboard('throughput');
        break;
      case 'walk':
        await this.walk(random.pick(WALKED));
        break;
      case 'create':
        if (this.floor.board.count('NEW') < MANY_NEW_ORDERS) await this.create();
        else await this.move();
        break;
      case 'move':
        await this.move();
        break;
      case 'move several':
        await this.moveSeveral();
        break;
      case 'edit':
        await this.edit();
        break;
    }
    if (this.habits.pause > 0) await delay(random.whole(0, this.habits.pause));
  }

  async list(list: List): Promise<void> {
    await this.ask({ kind: 'page', list }, pathOf(list), readerOf(list));
  }

  async counts(): Promise<void> {
    await this.ask({ kind: 'counts' }, '/api/v1/dashboard/statuses', 'viewer-1');
  }

  async dashboard(kind: Dashboard): Promise<void> {
    await this.ask({ kind }, `/api/v1/dashboard/${kind}`, 'viewer-1');
  }

  async total(filter: Filter): Promise<void> {
    await this.ask({ kind: 'total', filter }, pathOfTotal(filter), readerOf(filter));
  }

  async look(kind: 'order' | 'history', order: string): Promise<void> {
    const path = `/api/v1/orders/${order}${kind === 'history' ? '/history' : ''}`;
    await this.ask({ kind, order }, path, 'operator-1');
  }

  private async lookAtRecent(kind: 'order' | 'history'): Promise<void> {
    const order = this.floor.board.pickRecent(this.random);
    if (order) await this.look(kind, order.id);
  }

  private async walk(list: List): Promise<void> {
    const walk = this.mark();
    let after: SeenOrder | undefined;
    let cursor: string | undefined;
    do {
      const asked: Asked = { kind: 'page', list, walk, ...(after && { after }) };
      const { came, nextCursor } = await this.ask(asked, pathOf(list, cursor), readerOf(list));
      cursor = nextCursor;
      after = came.kind === 'page' ? came.items.at(-1) : undefined;
    } while (cursor !== undefined);
  }

  async create(): Promise<void> {
    const { random } = this;
    const mark = this.mark();
    const body = newOrder({
      priority: random.pick(ORDER_PRIORITIES),
      comment: mark,
      ...(random.chance(0.7) && { dueAt: new Date(Date.now() + random.whole(1, 30) * DAY_MS).toISOString() }),
    });
    const headers = { 'content-type': 'application/json', 'idempotency-key': mark };
    const actor = random.pick(['partner-1', 'partner-2'] as const);
    const request = { method: 'POST', path: '/api/v1/orders', body: JSON.stringify(body), headers } as const;
    await this.exchange({ kind: 'create' }, request, actor, mark);
  }

  /** Changes the status of an order; often one that other clients try to change as well. */
  private async move(): Promise<void> {
    const order = this.pickOrder(['NEW', 'NEW', 'ON_HOLD', 'MANUFACTURING_STARTED']);
    const steps = order ? nextStatuses({ ...order, previousStatus: 'NEW' }) : [];
    if (!order || steps.length === 0) return;
    const to = this.random.pick(steps);
    // Mostly, an order is given back by its assignee.
    const assignee = OPERATORS.find((operator) => operator === order.assignee);
    const actor = assignee && this.random.chance(0.7) ? assignee : this.operator();
    const mark = this.mark();
    const path = `/api/v1/orders/${order.id}/status`;
    await this.change({ kind: 'change', order: order.id, to }, path, this.step(to, mark), actor, mark);
  }

  /** Changes the status of several orders, which other clients try to change as well. */
  private async moveSeveral(): Promise<void> {
    const { random } = this;
    const picked = Array.from({ length: random.whole(2, 5) }, () => this.pickOrder(['NEW', 'NEW', 'ON_HOLD']));
    const orders = [...new Map(picked.flatMap((order) => (order ? [[order.id, order]] : []))).values()];
    const [first] = orders;
    const steps = first ? nextStatuses({ ...first, previousStatus: 'NEW' }) : [];
    if (steps.length === 0) return;
    const to = random.pick(steps);
    const mark = this.mark();
    const wanted = orders.map(({ id, version }) => ({ id, ...(random.chance(0.3) && { version }) }));
    const asked: Asked = { kind: 'change several', orders: orders.map(({ id }) => id), to };
    const body = { ...this.step(to, mark), orders: wanted };
    await this.change(asked, '/api/v1/orders/status', body, this.operator(), mark);
  }

  /** Changes fields of an order. The due date is the mark of the write. */
  private async edit(): Promise<void> {
    const { random } = this;
    const order = this.pickOrder(['NEW', 'NEW', 'ON_HOLD', 'MANUFACTURING_STARTED']);
    if (!order || !CHANGEABLE_STATUSES.includes(order.status)) return;
    const dueAt = uniqueTime(random.chance(0.4) ? HALF_A_DAY : random.whole(1, 30));
    const fields = {
      dueAt,
      ...(random.chance(0.7) && { priority: random.pick(ORDER_PRIORITIES) }),
      ...(order.assignee !== undefined && random.chance(0.6) && { assignee: this.operator() }),
    };
    await this.change(
      { kind: 'edit', order: order.id, fields },
      `/api/v1/orders/${order.id}`,
      fields,
      'admin-1',
      dueAt,
    );
  }

  /** An order that other clients change too, or any with one of these statuses. */
  private pickOrder(statuses: readonly OrderStatus[]): SeenOrder | undefined {
    const { board } = this.floor;
    return this.random.chance(0.5)
      ? board.pickRecent(this.random)
      : board.pickWith(this.random.pick(statuses), this.random);
  }

  private operator(): Actor {
    return this.random.pick(OPERATORS);
  }

  /** The body of a status change. A hold without a reason has the comment as its reason. */
  private step(to: OrderStatus, mark: string): Record<string, unknown> {
    const reason = to === 'ON_HOLD' && this.random.chance(0.7) && { reason: this.random.pick(HOLD_REASONS) };
    return { status: to, comment: mark, ...reason };
  }

  /** Sends a change, sometimes twice. */
  private async change(asked: Asked, path: string, body: object, actor: Actor, mark: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'PATCH', path, body: JSON.stringify(body), headers } as const;
    await this.exchange(asked, request, actor, mark);
    if (!this.random.chance(REPEATED)) return;
    // A repeated edit writes nothing if the order still has the values, and may show a later version.
    await this.exchange(asked, request, actor, asked.kind === 'edit' ? undefined : mark);
  }

  /** Sends a read; half of the reads are conditional, with the entity tag of an earlier response. */
  private async ask(asked: Asked, path: string, actor: Actor): Promise<ReadAnswer> {
    if (!path.includes('cursor=')) this.floor.recorder.questions.add(`${actor} ${path}`);
    const held = this.random.chance(CONDITIONAL) ? this.held.get(`${actor} ${path}`) : undefined;
    const headers: Record<string, string> = held ? { 'if-none-match': held.etag } : {};
    return this.exchange(asked, { method: 'GET', path, headers }, actor, undefined, held);
  }

  private async exchange(
    asked: Asked,
    request: HttpRequest,
    actor: Actor,
    mark?: string,
    held?: Held,
  ): Promise<ReadAnswer> {
    const { recorder, board, reader, authorization } = this.floor;
    const headers = { ...request.headers, authorization: authorization[actor] };
    const { instance, start, answer } = await this.send({ ...request, headers });
    const end = performance.now();

    const read = this.understand(asked, request.path, answer, held, reader);
    const { came } = read;
    const etag = answer?.headers.etag;
    if (request.method === 'GET' && answer?.status === 200 && typeof etag === 'string') {
      this.held.set(`${actor} ${request.path}`, { etag, answer: read });
    }
    for (const order of ordersShown(came)) board.note(order);
    if (came.kind === 'page') for (const order of came.items) board.note(order);
    const call: Call = { client: this.name, instance, start, end, asked, came, ...(mark !== undefined && { mark }) };
    recorder.note(call, {
      instance,
      path: request.path,
      start,
      end,
      status: answer?.status,
      retryAfter: answer?.headers['retry-after'] !== undefined,
      cache: cacheUseOf(answer?.headers['cache-status']),
      watched: this.habits.watches,
    });
    return read;
  }

  private understand(
    asked: Asked,
    path: string,
    answer: HttpAnswer | undefined,
    held: Held | undefined,
    reader: AnswerReader,
  ): ReadAnswer {
    if (!answer) return { came: { kind: 'unknown' } };
    if (answer.status !== 304) return reader.read(asked, path, answer);
    if (!held) throw new Error(`GET ${path} was answered with 304, but the request had no condition`);
    // A 304 shows the client the response that it holds.
    return held.answer;
  }

  /** Sends a request to any instance, and to another one only if the connection is refused. */
  private async send(
    request: HttpRequest,
  ): Promise<{ readonly instance: string; readonly start: number; readonly answer?: HttpAnswer }> {
    const deadline = performance.now() + SEARCH_PATIENCE_MS;
    for (;;) {
      const start = performance.now();
      if (start > deadline) throw new Error(`${this.name} has found no running instance for ${SEARCH_PATIENCE_MS} ms`);
      const instances = this.floor.instances();
      if (instances.length === 0) {
        await delay(REFUSAL_PAUSE_MS);
        continue;
      }
      const instance = this.random.pick(instances);
      try {
        return { instance: instance.name, start, answer: await instance.send(request) };
      } catch (error) {
        if (!(error instanceof RefusedError)) return { instance: instance.name, start };
        await delay(REFUSAL_PAUSE_MS);
      }
    }
  }

  private mark(): string {
    this.serial += 1;
    return `${this.name}-${this.serial}`;
  }
}

/** The actor who is shown exactly the orders of the list or total. */
function readerOf({ createdBy }: Filter): Actor {
  return createdBy === undefined ? 'operator-1' : (createdBy as Actor);
}
