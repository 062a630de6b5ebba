import { EventEmitter } from 'node:events';
import { forever, type Host } from './host.js';
import type { SimulatedRedis } from './simulated-redis.js';

/** A Redis command or script that the cache uses. */
type Command = {
  [N in keyof SimulatedRedis]: SimulatedRedis[N] extends (...parameters: never[]) => unknown ? N : never;
}[Exclude<keyof SimulatedRedis, 'passTime'>];

/** A connection. Commands arrive in the order in which they were sent, and so do their replies. */
class Connection {
  lastArrival: Promise<unknown> = Promise.resolve();
  lastAnswer: Promise<unknown> = Promise.resolve();
  /** Whether commands in flight are lost when the connection breaks. Otherwise they arrive later. */
  isLossy = false;
  readonly broken: Promise<never>;
  break!: (error: Error) => void;

  constructor() {
    this.broken = new Promise((_resolve, reject) => (this.break = reject));
    this.broken.catch(() => undefined);
  }
}

/** The link of one process to Redis, which can be cut and mended. */
export class SimulatedLink {
  private isUp = true;
  private readonly clients = new Set<SimulatedClient>();

  constructor(
    private readonly host: Host,
    private readonly redis: SimulatedRedis,
  ) {}

  /** Creates a client like that of the `redis` package. */
  createClient(): SimulatedClient {
    const client = new SimulatedClient(this.host, this.redis, () => this.isUp);
    this.clients.add(client);
    return client;
  }

  /** Breaks all connections and refuses new ones. */
  cut(isLossy: boolean): void {
    this.isUp = false;
    for (const client of this.clients) client.break(isLossy);
    this.clients.clear();
  }

  mend(): void {
    this.isUp = true;
  }
}

/** A client with the interface of the `redis` package, as far as the cache uses it. It has one connection. */
export class SimulatedClient extends EventEmitter {
  isOpen = false;
  private readonly connection = new Connection();
  private readonly failovers: number;

  constructor(
    private readonly host: Host,
    private readonly redis: SimulatedRedis,
    private readonly isReachable: () => boolean,
  ) {
    super();
    this.failovers = redis.failovers;
  }

  async connect(): Promise<void> {
    await this.host.survive();
    if (!this.isReachable()) throw new Error('connect ECONNREFUSED');
    this.isOpen = true;
  }

  disconnect(): Promise<void> {
    this.isOpen = false;
    return Promise.resolve();
  }

  break(isLossy: boolean): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.connection.isLossy = isLossy;
    const error = new Error('Socket closed unexpectedly');
    this.connection.break(error);
    this.emit('error', error);
  }

  readonly get = this.command('get');
  readonly mGet = this.command('mGet');
  readonly set = this.command('set');
  readonly del = this.command('del');
  readonly begin = this.command('begin');
  readonly complete = this.command('complete');
  readonly pending = this.command('pending');
  readonly invalidateOverdue = this.command('invalidateOverdue');
  readonly sweepExpired = this.command('sweepExpired');
  readonly checkIn = this.command('checkIn');
  readonly tryOut = this.command('tryOut');
  readonly exists = this.command('exists');
  readonly info = this.command('info');
  readonly ping = this.command('ping');

  private command<N extends Command>(name: N) {
    return (...parameters: Parameters<SimulatedRedis[N]>) =>
      this.send(name, () => {
        const method = this.redis[name] as (...all: unknown[]) => ReturnType<SimulatedRedis[N]>;
        return method.apply(this.redis, parameters);
      });
  }

  private async send<T>(name: string, apply: () => T): Promise<T> {
    await this.host.survive();
    if (!this.isOpen) throw new Error('The client is closed');
    const { connection, host } = this;
    const arrival = connection.lastArrival.then(async () => {
      await host.steps.take(`${host.name}'s ${name} arrives at Redis`);
      // A command for the old server never arrives at the server that has replaced it.
      return connection.isLossy || this.failovers !== this.redis.failovers ? forever() : apply();
    });
    const answer = Promise.all([arrival, connection.lastAnswer]).then(async ([result]) => {
      await host.step(`Redis has answered ${name}`);
      return result;
    });
    connection.lastArrival = arrival;
    connection.lastAnswer = answer;
    return Promise.race([answer, connection.broken]);
  }
}
