import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDatabase } from '@mes/database';
import { DevelopmentIssuer } from '../../../apps/mes-api/src/auth/development-issuer.js';
import type { Role } from '../../../apps/mes-api/src/auth/caller.js';
import { Resources } from '../../bench/servers/resources.js';
import { eventually } from '../../support/eventually.js';
import { OrdersTable } from '../../support/orders-table.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import type { StoredOrder } from '../history/stored-order.js';
import { AnswerReader } from '../workload/answers.js';
import { Board } from '../workload/board.js';
import { ACTORS, type Actor, type Floor } from '../workload/client.js';
import { Recorder } from '../workload/recorder.js';
import { ApiInstance, type ApiPlan } from './api-instance.js';
import { noPendingWrites } from './pending-writes.js';
import { readStoredOrders } from './read-stored-orders.js';

const DATABASE_PATIENCE_MS = 30_000;
/** Longer than a write may be pending. */
const QUIET_PATIENCE_MS = 45_000;
/** An address without a server: port 9 belongs to the discard protocol. */
const NO_REDIS = 'redis://127.0.0.1:9';

export interface SystemPlan {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly instances: number;
  /** The differences between these instances and those that users start. */
  readonly variant?: Pick<ApiPlan, 'preloads'> & { readonly environment?: ApiPlan['environment'] };
  /** The API of another build, in whose database this build applies no migrations. */
  readonly program?: string;
}

/** The replacement of the database with another state during a run. Times are in milliseconds. */
export interface Replacement {
  readonly began: number;
  readonly ended: number;
  /** The contents of the database before the replacement. */
  readonly before: readonly StoredOrder[];
  /** The contents of the database after the replacement. */
  readonly after: readonly StoredOrder[];
}

/** Several API instances on one database and one Redis, with all that clients need to use them. */
export class System {
  readonly recorder = new Recorder();
  readonly floor: Floor;
  /** The last replacement since the last `reset`. */
  replacement: Replacement | undefined;

  private constructor(
    private readonly resources: Resources,
    readonly instances: readonly ApiInstance[],
    /** An instance that does not reach Redis, so that all its responses come from the database. */
    readonly uncached: ApiInstance,
    readonly table: OrdersTable,
    private readonly tableWay: TcpProxy,
    authorization: Floor['authorization'],
    /** The address of the Redis with the version store. */
    public redisUrl: string,
    isOfOlderBuilds: boolean,
  ) {
    this.floor = {
      recorder: this.recorder,
      board: new Board(),
      reader: new AnswerReader(isOfOlderBuilds),
      authorization,
      instances: () => this.instances.filter(({ isRunning }) => isRunning).map(({ client }) => client),
    };
  }

  /** Migrates the database if the instances are of this build, and starts everything. */
  static async start(plan: SystemPlan): Promise<System> {
    const resources = new Resources();
    try {
      return await System.startWith(resources, plan);
    } catch (error) {
      await resources.close();
      throw error;
    }
  }

  private static async startWith(resources: Resources, plan: SystemPlan): Promise<System> {
    const { databaseUrl, redisUrl, variant, program } = plan;
    const directory = await resources.start(
      () => mkdtemp(join(tmpdir(), 'mes-consistency-')),
      (path) => rm(path, { recursive: true, force: true }),
    );
    if (program === undefined) await prepareDatabase({ url: databaseUrl, patience: DATABASE_PATIENCE_MS });
    const issuer = await DevelopmentIssuer.open(directory);
    const tokens = ACTORS.map(async (actor) => {
      const role = actor.replace(/-\d+$/, '') as Role;
      return [actor, `Bearer ${await issuer.issue(actor, [role])}`] as const;
    });
    const authorization = Object.fromEntries(await Promise.all(tokens)) as Record<Actor, string>;
    const tableWay = await resources.start(
      () => TcpProxy.open(databaseUrl),
      (way) => way.close(),
    );
    const table = await resources.start(
      () => OrdersTable.connect(tableWay.url),
      (open) => open.close(),
    );
    const environment = { ...environmentOf(directory), ...variant?.environment };
    const common = { databaseUrl, redisUrl, directory, program };
    const start = (api: ApiPlan): Promise<ApiInstance> =>
      resources.start(
        () => ApiInstance.start(api),
        (instance) => instance.stop(),
      );
    const names = Array.from({ length: plan.instances }, (_, i) => `api-${i + 1}`);
    const [uncached, ...instances] = await Promise.all([
      start({ ...common, name: 'uncached', environment: environmentOf(directory), redisUrl: NO_REDIS }),
      ...names.map((name) => start({ ...common, ...variant, name, environment })),
    ]);
    return new System(resources, instances, uncached, table, tableWay, authorization, redisUrl, program !== undefined);
  }

  /** What the keys of the cache begin with in Redis, in braces. */
  async namespace(): Promise<string> {
    const [row] = await this.table.query<{ namespace: string }>('SELECT cache_namespace() AS namespace');
    return row?.namespace ?? '';
  }

  /** Lets all instances use another Redis. They start anew. */
  async turnToRedis(url: string): Promise<void> {
    this.redisUrl = url;
    await this.startAnew(() => ({ REDIS_URL: url }));
  }

  /** Lets all instances reach PostgreSQL through a pooler in transaction mode. They start anew. */
  async turnToPooler(url: string): Promise<void> {
    await this.startAnew(({ database }) => ({ DATABASE_URL: url, DATABASE_DIRECT_URL: database.url }));
  }

  /** Waits until the version store has no pending writes, not even those of dead instances. */
  async quiet(): Promise<void> {
    await eventually(noPendingWrites(this.redisUrl, await this.namespace()), QUIET_PATIENCE_MS);
  }

  /** Replaces the database with another state, which may lack acknowledged writes. */
  async replaceDatabase(replace: () => Promise<void>): Promise<void> {
    const began = performance.now();
    const before = await readStoredOrders(this.table);
    await replace();
    const ended = performance.now();
    this.floor.board.clear();
    this.replacement = { began, ended, before, after: await readStoredOrders(this.table) };
  }

  /** Diverts all connections for the database to another server. */
  async turnToDatabase(url: string): Promise<void> {
    for (const way of [this.tableWay, ...[this.uncached, ...this.instances].map(({ database }) => database)]) {
      way.divert(url);
      way.breakConnections();
    }
    const isThere = (): Promise<boolean> =>
      this.table.query('SELECT').then(
        () => true,
        () => false,
      );
    await eventually(isThere, DATABASE_PATIENCE_MS);
  }

  /** Discards all recorded calls. */
  reset(): void {
    this.recorder.reset();
    this.replacement = undefined;
  }

  stop(): Promise<void> {
    return this.resources.close();
  }

  /** Starts all instances anew, one after another, with these variables in addition. */
  private async startAnew(variables: (instance: ApiInstance) => Readonly<Record<string, string>>): Promise<void> {
    for (const instance of this.instances) {
      await instance.end('SIGTERM');
      await instance.startAgain({ environment: { ...instance.plan.environment, ...variables(instance) } });
    }
  }
}

function environmentOf(directory: string): Record<string, string> {
  return {
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    DATA_DIR: directory,
    RATE_LIMIT_PER_MINUTE: '0',
    MAX_EVENT_LOOP_DELAY_MS: '60000',
  };
}
