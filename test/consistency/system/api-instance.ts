import { ApiProcess, type ApiProcessOptions } from '../../support/api-process.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Instance } from '../workload/instance.js';

/** The configuration of an instance, and the way to start it. */
export interface ApiPlan extends ApiProcessOptions {
  readonly name: string;
  /** With `REDIS_URL`, the instance connects past its proxy: to a cluster, say, whose nodes name their own addresses. */
  readonly environment: Readonly<Record<string, string>>;
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** An API process with its own proxies to Redis and PostgreSQL, so that a test can disturb either connection. */
export class ApiInstance {
  private isLeaving = false;

  private constructor(
    readonly plan: ApiPlan,
    readonly redis: TcpProxy,
    readonly database: TcpProxy,
    private process: ApiProcess,
    private http: Instance,
  ) {}

  static async start(plan: ApiPlan): Promise<ApiInstance> {
    const redis = await TcpProxy.open(plan.redisUrl);
    const database = await TcpProxy.open(plan.databaseUrl);
    const process = launch(plan, redis, database);
    try {
      return new ApiInstance(plan, redis, database, process, new Instance(plan.name, await process.ready()));
    } catch (error) {
      await process.destroy();
      await redis.close();
      await database.close();
      throw error;
    }
  }

  get name(): string {
    return this.plan.name;
  }

  /** Whether clients may send new requests. A load balancer stops sending them when the instance is no longer ready. */
  get isRunning(): boolean {
    return !this.isLeaving && this.process.isRunning;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** The instance as a client uses it. */
  get client(): Instance {
    return this.http;
  }

  get output(): string {
    return this.process.output;
  }

  /** Ends the process with a signal and waits for it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.isLeaving = signal === 'SIGTERM';
    this.process.signal(signal);
    await this.process.ended();
  }

  /** Sends a signal that does not end the process. */
  signal(name: NodeJS.Signals): void {
    this.process.signal(name);
  }

  /** Waits until the process has ended by itself. */
  async ended(): Promise<void> {
    await this.process.ended();
  }

  /** Starts a new process in place of the ended one. It listens on another port. */
  async startAgain(changes: Partial<ApiPlan> = {}): Promise<void> {
    const process = launch({ ...this.plan, ...changes }, this.redis, this.database);
    let url;
    try {
      url = await process.ready();
    } catch (error) {
      await process.destroy();
      throw error;
    }
    await this.http.close();
    this.process = process;
    this.isLeaving = false;
    this.http = new Instance(this.plan.name, url);
  }

  /** Stops the process and closes its proxies. */
  async stop(): Promise<void> {
    if (this.process.isRunning) this.process.signal('SIGKILL');
    await this.process.ended();
    await this.http.close();
    await this.redis.close();
    await this.database.close();
  }
}

function launch({ environment, ...options }: ApiPlan, redis: TcpProxy, database: TcpProxy): ApiProcess {
  return new ApiProcess({ REDIS_URL: redis.url, DATABASE_URL: database.url, ...environment }, options);
}
