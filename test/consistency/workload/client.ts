import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../apps/mes-api/src/commands/sample/random.js';
import { nextStatuses } from '../../../apps/mes-api/src/orders/order-status.js';
import { ORDER_PRIORITIES } from '../../../apps/mes-api/src/orders/order.js';
import { newOrder } from '../../support/test-orders.js';
import type { Asked, Call, List, SeenOrder } from '../history/call.js';
import { AnswerReader, type ReadAnswer } from './answers.js';
import type { Board } from './board.js';
import { RefusedError, type HttpAnswer, type HttpRequest, type Instance } from './instance.js';
import { LISTS, pathOf, WALKED } from './lists.js';
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

export const ACTORS = ['operator-1', 'operator-2', 'partner-1', 'partner-2', 'viewer-1'] as const;
export type Actor = (typeof ACTORS)[number];

export type Action = 'list' | 'order' | 'history' | 'counts' | 'walk' | 'create' | 'move';

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
  ['list', 45],
  ['order', 16],
  ['history', 5],
  ['counts', 8],
  ['walk', 2],
  ['create', 9],
  ['move', 15],
];
/** The number of new orders from which clients move orders instead of creating more. */
const MANY_NEW_ORDERS = 90;
const REFUSAL_PAUSE_MS = 5;
/** The time for which a client looks for an instance that accepts its request, in milliseconds. */
const SEARCH_PATIENCE_MS = 30_000;
const DAY_MS = 24 * 60 * 60_000;
const CONDITIONAL = 0.5;

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
    }
    if (this.habits.pause > 0) await delay(random.whole(0, this.habits.pause));
  }

  async list(list: List): Promise<void> {
    await this.ask({ kind: 'page', list }, pathOf(list), readerOf(list));
  }

  async counts(): Promise<void> {
    await this.ask({ kind: 'counts' }, '/api/v1/dashboard/statuses', 'viewer-1');
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
    const { board } = this.floor;
    const order = this.random.chance(0.5)
      ? board.pickRecent(this.random)
      : board.pickWith(this.random.pick(['NEW', 'NEW', 'ON_HOLD', 'MANUFACTURING_STARTED']), this.random);
    const steps = order ? nextStatuses({ ...order, previousStatus: 'NEW' }) : [];
    if (!order || steps.length === 0) return;
    const to = this.random.pick(steps);
    const mark = this.mark();
    const path = `/api/v1/orders/${order.id}/status`;
    const body = JSON.stringify({ status: to, comment: mark });
    const request = { method: 'PATCH', path, body, headers: { 'content-type': 'application/json' } } as const;
    const actor = this.random.pick(['operator-1', 'operator-2'] as const);
    await this.exchange({ kind: 'change', order: order.id, to }, request, actor, mark);
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
    if (came.kind === 'order') board.note(came.order);
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

/** The actor who is shown exactly the orders of the list. */
function readerOf({ createdBy }: List): Actor {
  return createdBy === undefined ? 'operator-1' : (createdBy as Actor);
}
