import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDatabase } from '@mes/database';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { AppModule } from '../../apps/mes-api/src/app.module.js';
import { addHooks, APPLICATION_OPTIONS, createAdapter } from '../../apps/mes-api/src/application.js';
import { DevelopmentIssuer } from '../../apps/mes-api/src/auth/development-issuer.js';
import type { Role } from '../../apps/mes-api/src/auth/caller.js';
import { readConfiguration } from '../../apps/mes-api/src/config/configuration.js';
import { createLog, PinoNestLogger } from '../../apps/mes-api/src/observability/pino-nest-logger.js';
import { FAIR_SHARES_DEFAULTS, FairShares } from '../../apps/mes-api/src/rate-limits/fair-shares.js';

/** Longer than in production, in milliseconds: the tests themselves run in the same event loop, and the machine may be busy. */
const CACHE_TIMES = {
  leaseLifetime: 10_000,
  leaseWaitTimeout: 10_000,
  loadQueueTimeout: 60_000,
  loadTimeout: 60_000,
  refreshTimeout: 5_000,
};
const TURN_TIMEOUT = 120_000;

export interface OrdersApiOptions {
  readonly databaseUrl: string;
  /** The URL of PostgreSQL itself, if the other one leads to a pooler in transaction mode. */
  readonly directUrl?: string | undefined;
  /** The URL of Redis. Without it, the cache is in the process. */
  readonly redisUrl?: string;
  /** The folder of the operators' page. Without it, the API does not serve the page. */
  readonly pageDirectory?: string;
  /** The port to listen on; a free one by default. */
  readonly port?: number;
  /** Additional environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Replaces providers of the application. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** A response, with its JSON parsed. */
export interface ApiAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface ApiRequest {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, which is sent as JSON. A string is sent unchanged. */
  readonly body?: unknown;
}

/** The API in this process, on a loopback port, with an issuer for its tokens. */
export class OrdersApi {
  private readonly tokens = new Map<string, Promise<string>>();

  private constructor(
    readonly url: string,
    private running: NestFastifyApplication,
    private readonly make: () => Promise<NestFastifyApplication>,
    private readonly issuer: DevelopmentIssuer,
    private readonly dataDirectory: string,
  ) {}

  get application(): NestFastifyApplication {
    return this.running;
  }

  /** Migrates the database and starts the API. */
  static async start({
    databaseUrl,
    directUrl,
    redisUrl,
    pageDirectory,
    port = 0,
    environment = {},
    override = (builder) => builder,
  }: OrdersApiOptions): Promise<OrdersApi> {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'mes-api-'));
    const wait = { patience: 60_000 };
    await prepareDatabase({ ...wait, url: directUrl ?? databaseUrl });
    const configuration = readConfiguration({
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      DATA_DIR: dataDirectory,
      DATABASE_URL: databaseUrl,
      DATABASE_DIRECT_URL: directUrl,
      REDIS_URL: redisUrl,
      // Redis may be slow on a machine that is busy with tests.
      REDIS_DEADLINE_MS: '10000',
      // The tests themselves run in the same event loop.
      MAX_EVENT_LOOP_DELAY_MS: '60000',
      // The client closes idle connections, never the server: a busy client would send a request on a closed one.
      KEEP_ALIVE_SECONDS: '3600',
      ...environment,
    });
    Object.assign(configuration.cache, CACHE_TIMES);
    const log = createLog(configuration);
    const make = async (): Promise<NestFastifyApplication> => {
      const builder = Test.createTestingModule({
        imports: [AppModule.forRoot(configuration, { url: databaseUrl, wait })],
      })
        .overrideProvider(FairShares)
        .useValue(new FairShares({ ...FAIR_SHARES_DEFAULTS, timeout: TURN_TIMEOUT }));
      const module = await override(builder).setLogger(new PinoNestLogger(log)).compile();
      const adapter = createAdapter(configuration);
      const application = module.createNestApplication<NestFastifyApplication>(adapter, APPLICATION_OPTIONS);
      await addHooks(application, configuration, log, pageDirectory);
      return application;
    };
    const application = await make();
    await application.listen(port, '127.0.0.1');
    const issuer = await DevelopmentIssuer.open(dataDirectory);
    return new OrdersApi(await application.getUrl(), application, make, issuer, dataDirectory);
  }

  /** Stops the application, waits for `whileAway`, and starts the application again on the same port. */
  async restart(whileAway: () => Promise<void>): Promise<void> {
    await this.running.close();
    await whileAway();
    this.running = await this.make();
    await this.running.listen(Number(new URL(this.url).port), '127.0.0.1');
  }

  /** A valid token with these roles. Equal arguments give the same token. `lifetime` is in the notation of jose. */
  token(roles: readonly Role[] | Role, subject?: string, lifetime?: string): Promise<string> {
    const list = typeof roles === 'string' ? [roles] : roles;
    const name = JSON.stringify([list, subject, lifetime]);
    const token = this.tokens.get(name) ?? this.issuer.issue(subject ?? `${list[0] ?? 'nobody'}-1`, list, lifetime);
    this.tokens.set(name, token);
    return token;
  }

  /** @param path below the server's root, e.g. `/api/v1/orders` */
  async call<T = Record<string, unknown>>(path: string, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    const { method = 'GET', token, headers = {}, body } = request;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson && text !== '' ? JSON.parse(text) : text) as T,
    };
  }

  async stop(): Promise<void> {
    // The server does not count a connection without any request as idle, and would wait for it.
    this.application.getHttpServer().closeAllConnections();
    await this.application.close();
    await rm(this.dataDirectory, { recursive: true, force: true });
  }
}
