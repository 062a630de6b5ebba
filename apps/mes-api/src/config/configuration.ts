import { resolve } from 'node:path';
import { readEnvironment, type LOG_LEVELS } from './environment.js';

/** Everything that can be configured, typed. Times are in milliseconds. The class is the injection token. */
export abstract class Configuration {
  abstract readonly production: boolean;
  abstract readonly host: string;
  abstract readonly port: number;
  abstract readonly logLevel: (typeof LOG_LEVELS)[number];
  abstract readonly corsOrigins: readonly string[];
  /** Of the embedded database and of the key for development tokens. */
  abstract readonly dataDirectory: string;
  /** Where tokens come from; without it, this process issues tokens for development. */
  abstract readonly auth: { readonly issuer: string; readonly jwksUrl: string; readonly audience: string } | undefined;
  /** Without a URL, PostgreSQL is run by this process. */
  abstract readonly database: {
    readonly url: string | undefined;
    readonly poolSize: number;
    readonly patience: number;
  };
  /** Without a Redis URL, the cache is in this process. */
  abstract readonly cache: {
    readonly redisUrl: string | undefined;
    /** How long a request waits for Redis before it does without. */
    readonly deadline: number;
    readonly entryLifetime: number;
    readonly maxEntryBytes: number;
  };
}

/** @throws {EnvironmentError} */
export function readConfiguration(variables: NodeJS.ProcessEnv): Configuration {
  const environment = readEnvironment(variables);
  const { AUTH_ISSUER: issuer, AUTH_JWKS_URL: jwksUrl, AUTH_AUDIENCE: audience } = environment;
  return {
    production: environment.NODE_ENV === 'production',
    host: environment.HOST,
    port: environment.PORT,
    logLevel: environment.LOG_LEVEL,
    corsOrigins: environment.CORS_ORIGINS.split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
    dataDirectory: resolve(environment.DATA_DIR),
    auth: issuer && jwksUrl && audience ? { issuer, jwksUrl, audience } : undefined,
    database: {
      url: environment.DATABASE_URL,
      poolSize: environment.DATABASE_POOL_SIZE,
      patience: environment.DATABASE_WAIT_SECONDS * 1_000,
    },
    cache: {
      redisUrl: environment.REDIS_URL,
      deadline: environment.REDIS_DEADLINE_MS,
      entryLifetime: environment.CACHE_TTL_SECONDS * 1_000,
      maxEntryBytes: environment.NEAR_CACHE_MB * 1024 * 1024,
    },
  };
}
