import { resolve } from 'node:path';
import { parseTrustProxy, type TrustProxy } from './trust-proxy.js';
import { readEnvironment, type LOG_LEVELS } from './environment.js';

/** Everything that can be configured, typed. Times are in milliseconds. The class is the injection token. */
export abstract class Configuration {
  abstract readonly production: boolean;
  abstract readonly host: string;
  abstract readonly port: number;
  abstract readonly logLevel: (typeof LOG_LEVELS)[number];
  abstract readonly corsOrigins: readonly string[];
  /** The proxies whose forwarded headers are believed. */
  abstract readonly trustProxy: TrustProxy;
  /** How long a request may take to arrive. */
  abstract readonly requestTimeout: number;
  /** How long a connection is kept without a request. */
  abstract readonly keepAliveTimeout: number;
  /** Requests that a caller may make in a minute; 0 for any number. */
  abstract readonly rateLimitPerMinute: number;
  /** How late the event loop may be, on average over a second, before requests are refused. */
  abstract readonly maxEventLoopDelay: number;
  /** Of the embedded database and of the key for development tokens. */
  abstract readonly dataDirectory: string;
  /** Where tokens come from; without it, this process issues tokens for development. */
  abstract readonly auth:
    | {
        readonly issuer: string;
        readonly jwksUrl: string;
        readonly audience: string;
        /** Of the operators' page, at the issuer; without it, nobody can sign in there. */
        readonly clientId: string | undefined;
        readonly scope: string;
      }
    | undefined;
  /** Whether whoever reaches this process may have tokens for development, or only who is on the same machine. */
  abstract readonly developmentSignIn: 'local' | 'open';
  /** Without a URL, PostgreSQL is run by this process. */
  abstract readonly database: {
    readonly url: string | undefined;
    readonly poolSize: number;
    readonly patience: number;
  };
  abstract readonly shutdown: {
    /** How long requests are still taken after readiness went off. */
    readonly delay: number;
    /** How long requests in flight may take then. */
    readonly grace: number;
  };
  /** Without a Redis URL, the cache is in this process. */
  abstract readonly cache: {
    readonly redisUrl: string | undefined;
    /** How long a request waits for Redis before it does without. */
    readonly deadline: number;
    readonly entryLifetime: number;
    readonly l1MaxBytes: number;
    /** How many answers are loaded at the same time. */
    readonly maxLoads: number;
  };
}

/** However many readers miss, a part of the connections to the database is left to the writers. */
const READERS_SHARE = 0.8;

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
    trustProxy: parseTrustProxy(environment.TRUST_PROXY) ?? false,
    requestTimeout: environment.REQUEST_TIMEOUT_SECONDS * 1_000,
    keepAliveTimeout: environment.KEEP_ALIVE_SECONDS * 1_000,
    rateLimitPerMinute: environment.RATE_LIMIT_PER_MINUTE,
    maxEventLoopDelay: environment.MAX_EVENT_LOOP_DELAY_MS,
    dataDirectory: resolve(environment.DATA_DIR),
    auth:
      issuer && jwksUrl && audience
        ? { issuer, jwksUrl, audience, clientId: environment.AUTH_CLIENT_ID, scope: environment.AUTH_SCOPE }
        : undefined,
    developmentSignIn: environment.DEVELOPMENT_SIGN_IN,
    database: {
      url: environment.DATABASE_URL,
      poolSize: environment.DATABASE_POOL_SIZE,
      patience: environment.DATABASE_WAIT_SECONDS * 1_000,
    },
    shutdown: {
      delay: environment.SHUTDOWN_DELAY_SECONDS * 1_000,
      grace: environment.SHUTDOWN_GRACE_SECONDS * 1_000,
    },
    cache: {
      redisUrl: environment.REDIS_URL,
      deadline: environment.REDIS_DEADLINE_MS,
      entryLifetime: environment.CACHE_TTL_SECONDS * 1_000,
      l1MaxBytes: environment.NEAR_CACHE_MB * 1024 * 1024,
      maxLoads: Math.ceil(environment.DATABASE_POOL_SIZE * READERS_SHARE),
    },
  };
}
