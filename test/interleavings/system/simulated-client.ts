import { EventEmitter } from 'node:events';
import { forever, type Host } from './host.js';
import type { SimulatedRedis } from './simulated-redis.js';

/** One connection: commands arrive in the order in which they were sent, and so do their answers. */
class Connection {
  lastArrival: Promise<unknown> = Promise.resolve();
  lastAnswer: Promise<unknown> = Promise.resolve();
  /** Whether what is still on its way when the connection breaks is lost. Otherwise it arrives later. */
  isLossy = false;
  readonly broken: Promise<never>;
  break!: (error: Error) => void;

  constructor() {
    this.broken = new Promise((_resolve, reject) => (this.break = reject));
    this.broken.catch(() => undefined);
  }
}

/** As much of the `redis` package's client as the cache uses, over connections that break when they are told to. */
export class SimulatedClient extends EventEmitter {
  isOpen = false;
  isReady = false;
  private connection = new Connection();

  constructor(
    private readonly host: Host,
    private readonly redis: SimulatedRedis,
  ) {
    super();
  }

  connect(): Promise<void> {
    this.isOpen = true;
    this.isReady = true;
    this.emit('ready');
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    this.isOpen = false;
    this.isReady = false;
    return Promise.resolve();
  }

  /** Nothing comes through any more. */
  cut(isLossy: boolean): void {
    if (!this.isReady) return;
    this.isReady = false;
    this.connection.isLossy = isLossy;
    const error = new Error('Socket closed unexpectedly');
    this.connection.break(error);
    this.emit('error', error);
  }

  /** The client connects again, as it does by itself. */
  mend(): void {
    if (this.isReady) return;
    this.connection = new Connection();
    this.isReady = true;
    if (this.host.isAlive) this.emit('ready');
  }

  readonly get = this.command('get');
  readonly mGet = this.command('mGet');
  readonly set = this.command('set');
  readonly del = this.command('del');
  readonly announce = this.command('announce');
  readonly settle = this.command('settle');
  readonly pending = this.command('pending');
  readonly overdue = this.command('overdue');

  private command<N extends 'get' | 'mGet' | 'set' | 'del' | 'announce' | 'settle' | 'pending' | 'overdue'>(name: N) {
    return (...parameters: Parameters<SimulatedRedis[N]>) =>
      this.send(name, () => {
        const method = this.redis[name] as (...all: unknown[]) => ReturnType<SimulatedRedis[N]>;
        return method.apply(this.redis, parameters);
      });
  }

  private async send<T>(name: string, apply: () => T): Promise<T> {
    await this.host.survive();
    if (!this.isReady) throw new Error('The client is closed');
    const { connection, host } = this;
    const arrival = connection.lastArrival.then(async () => {
      await host.steps.take(`${host.name}'s ${name} arrives at Redis`);
      return connection.isLossy ? forever() : apply();
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
