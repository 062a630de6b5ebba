import type { PostgresServer } from '../support/postgres-server.js';
import type { RedisServer } from '../support/redis-server.js';
import type { Resources } from '../bench/servers/resources.js';
import type { System } from '../consistency/system/system.js';

/** The system and the servers that a fault acts on. */
export interface Scene {
  readonly system: System;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  /** The resources of the scene. A fault registers everything that it starts. */
  readonly resources: Resources;
}

/**
 * The reason why requests may fail: with 503 and `Retry-After`, without a response, with either, or with any server error.
 */
export type Excuse =
  | 'while PostgreSQL does not serve'
  | 'when the process dies'
  | 'while no connection can be opened'
  | 'while tables are missing';

/** A failure that is injected while the system is under load. */
export interface Fault {
  readonly name: string;
  /** The text in the table of results. */
  readonly title: string;
  /** The number of affected instances, counted from the first; all instances by default. */
  readonly touches?: number;
  /** The reason for which requests to the affected instances may fail. */
  readonly mayFail?: Excuse;
  /** Set if hits must continue during the fault, because everything that they need works. */
  readonly keepsHits?: true;
  /** The alerts that tell of the fault; none if nobody need do anything about it. */
  readonly alerts: readonly string[];
  /** Set if the next fault needs new servers. */
  readonly leavesOthers?: true;
  /** Runs before hits are counted: steps that would cost hits, but are not the fault. */
  readonly prepare?: (scene: Scene) => Promise<void>;
  /** Injects the fault and heals it. */
  readonly happen: (scene: Scene) => Promise<void>;
}
