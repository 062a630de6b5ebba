import type { PostgresServer } from '../support/postgres-server.js';
import type { RedisServer } from '../support/redis-server.js';
import type { Resources } from '../bench/servers/resources.js';
import type { System } from '../consistency/system/system.js';

/** What a fault can be done to. */
export interface Scene {
  readonly system: System;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  /** Where what a fault starts is stopped, together with the rest. */
  readonly resources: Resources;
}

/**
 * Why a request may fail, and how: with 503 and `Retry-After`; without an answer; or with any server error.
 */
export type Excuse = 'while PostgreSQL does not serve' | 'when the process dies' | 'while tables are missing';

/** Something that goes wrong while the system is under load. */
export interface Fault {
  readonly name: string;
  /** In the table of results. */
  readonly title: string;
  /** To how many of the instances it happens, from the first one on; to all of them by default. */
  readonly touches?: number;
  /** Requests may fail for this reason, at the instances that it happens to. */
  readonly mayFail?: Excuse;
  /** Nothing is away that cached answers need: there are hits all the time. */
  readonly keepsHits?: true;
  /** The servers are not as they were: the next fault needs new ones. */
  readonly leavesOthers?: true;
  /** Does it, and heals it. */
  readonly happen: (scene: Scene) => Promise<void>;
}
