import { Resources } from '../bench/servers/resources.js';
import { System } from '../consistency/system/system.js';
import { startPostgres } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import type { Scene } from './fault.js';

/** Settings with few connections, so that a fault can use them up. */
export const POSTGRES_SETTINGS = { max_connections: '120', synchronous_commit: 'on' };

/**
 * The time limit of the instances for Redis, in milliseconds. It is longer than usual, since many processes share one machine
 * and slow each other down.
 */
export const REDIS_DEADLINE_MS = 200;

/** The number of hits that each instance compares with the database in a minute. */
const INSPECTIONS = 600;

/** The servers and instances for faults. It does not use the shared test servers, which faults would disturb. */
export class Stage {
  private set: { readonly scene: Promise<Scene>; readonly resources: Resources } | undefined;

  constructor(
    private readonly resources: Resources,
    private readonly instances: number,
  ) {}

  /** The current scene, which is started if necessary. */
  async scene(): Promise<Scene> {
    this.set ??= await this.begin();
    return this.set.scene;
  }

  /** Stops everything. */
  async clear(): Promise<void> {
    const { set } = this;
    this.set = undefined;
    await set?.resources.close();
  }

  private async begin(): Promise<{ scene: Promise<Scene>; resources: Resources }> {
    const resources = await this.resources.start(
      () => Promise.resolve(new Resources()),
      (own) => own.close(),
    );
    return { scene: setUp(resources, this.instances), resources };
  }
}

async function setUp(resources: Resources, instances: number): Promise<Scene> {
  const variant = {
    environment: { REDIS_DEADLINE_MS: String(REDIS_DEADLINE_MS), CACHE_INSPECTIONS_PER_MINUTE: String(INSPECTIONS) },
  };
  const postgres = await resources.start(
    () => startPostgres({ settings: POSTGRES_SETTINGS }),
    (server) => server.stop(),
  );
  const redis = await resources.start(
    () => RedisServer.start(),
    (server) => server.stop(),
  );
  const system = await resources.start(
    () => System.start({ databaseUrl: postgres.url, redisUrl: redis.url, instances, variant }),
    (started) => started.stop(),
  );
  return { system, postgres, redis, resources };
}
