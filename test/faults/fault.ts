import type { PostgresServer } from '../support/postgres-server.js';
import type { RedisServer } from '../support/redis-server.js';
import type { System } from '../consistency/system/system.js';

/** What a fault can be done to. */
export interface Scene {
  readonly system: System;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
}

/** Something that goes wrong while the system is under load. */
export interface Fault {
  readonly name: string;
  /** In the table of results. */
  readonly title: string;
  /** Requests may fail, with 503 and `Retry-After`, or, if the process that was asked has died, without an answer. */
  readonly mayFail?: 'while PostgreSQL is away' | 'when the process dies';
  /** Does it, and heals it. */
  readonly happen: (scene: Scene) => Promise<void>;
}
