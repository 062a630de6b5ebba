import { ApiProcess, type ApiProcessOptions } from '../../support/api-process.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Instance } from '../workload/instance.js';

/** What an instance needs to know, and how it is started. */
export interface ApiPlan extends ApiProcessOptions {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** A process of the API with a way of its own to Redis and to PostgreSQL, so that each of them can be made bad. */
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

  /** Whether new requests may be sent there: a load balancer stops that as soon as readiness has gone off. */
  get isRunning(): boolean {
    return !this.isLeaving && this.process.isRunning;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** As clients know it. */
  get client(): Instance {
    return this.http;
  }

  get output(): string {
    return this.process.output;
  }

  /** Ends the process, politely or not. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.isLeaving = signal === 'SIGTERM';
    this.process.signal(signal);
    await this.process.ended();
  }

  /** Sends a signal that does not end the process. */
  signal(name: NodeJS.Signals): void {
    this.process.signal(name);
  }

  /** Resolves when the process has ended by itself. */
  async ended(): Promise<void> {
    await this.process.ended();
  }

  /** Starts another process in the place of the one that has ended; it listens somewhere else. */
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

  /** Stops the process, and closes its ways to the servers. */
  async stop(): Promise<void> {
    if (this.process.isRunning) this.process.signal('SIGKILL');
    await this.process.ended();
    await this.http.close();
    await this.redis.close();
    await this.database.close();
  }
}

function launch({ environment, ...options }: ApiPlan, redis: TcpProxy, database: TcpProxy): ApiProcess {
  return new ApiProcess({ ...environment, REDIS_URL: redis.url, DATABASE_URL: database.url }, options);
}
