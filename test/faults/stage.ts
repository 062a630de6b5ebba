import { Resources } from '../bench/servers/resources.js';
import { System } from '../consistency/system/system.js';
import { startPostgres } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import type { Scene } from './fault.js';

/** So few connections that a fault can use them up. */
export const POSTGRES_SETTINGS = { max_connections: '120', synchronous_commit: 'on' };

/**
 * How long the instances wait for Redis, in milliseconds. It is more than usual, since so many processes on one machine make
 * each other wait, which is none of the faults.
 */
export const REDIS_DEADLINE_MS = 200;

/** Servers of their own, for faults that no other test could bear, and instances on them. */
export class Stage {
  private set: { readonly scene: Promise<Scene>; readonly resources: Resources } | undefined;

  constructor(
    private readonly resources: Resources,
    private readonly instances: number,
  ) {}

  /** What faults happen to; it is started if need be. */
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
  const variant = { environment: { REDIS_DEADLINE_MS: String(REDIS_DEADLINE_MS) } };
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
