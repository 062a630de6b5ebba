import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { projectFolder } from './project-folder.js';
import { parseRoleMap, type RoleMap } from './roles.js';
import { parseOrigins } from './cors-origins.js';
import { parseTrustProxy, type TrustProxy } from './trust-proxy.js';
import {
  describeMisspelt,
  describeUnusedProxy,
  describeUnusedTracing,
  readEnvironment,
  type LOG_LEVELS,
} from './environment.js';

/** How traces are sent. */
export type TracesProtocol = 'http/protobuf' | 'http/json';

/** The typed configuration. Times are in milliseconds. The class is the injection token. */
export abstract class Configuration {
  /** What the user should know of the variables that are set, in sentences. */
  abstract readonly warnings: readonly string[];
  abstract readonly production: boolean;
  abstract readonly host: string;
  abstract readonly port: number;
  /** Processes that serve the port, each like an instance of its own. */
  abstract readonly workers: number;
  /** Where a proxy serves page and API, such as `/mes`; empty at the root. */
  abstract readonly basePath: string;
  abstract readonly logLevel: (typeof LOG_LEVELS)[number];
  /** One of so many hits is logged; 0 for none. */
  abstract readonly logHitsEvery: number;
  /** The token that `/metrics` requires; without one, it answers this machine only. */
  abstract readonly metricsToken: string | undefined;
  abstract readonly corsOrigins: readonly string[];
  /** The proxies whose forwarded headers are trusted. */
  abstract readonly trustProxy: TrustProxy;
  /** Time limit for receiving a request. */
  abstract readonly requestTimeout: number;
  /** Time after which a connection without a request is closed. */
  abstract readonly keepAliveTimeout: number;
  /** Requests of each caller in a minute; 0 for no limit. */
  abstract readonly rateLimitPerMinute: number;
  /** Highest accepted delay of the event loop, averaged over a second. Beyond it, requests are refused. */
  abstract readonly maxEventLoopDelay: number;
  /** Directory of the embedded database and of the key for development tokens. */
  abstract readonly dataDirectory: string;
  /** The issuer of tokens; without it, this process issues tokens for development. */
  abstract readonly auth:
    | {
        readonly issuer: string;
        readonly jwksUrl: string;
        readonly audience: string;
        /** The claim with the roles, or the path to it. */
        readonly rolesClaim: string;
        readonly roleMap: RoleMap;
        /** Client id of the operators' page at the issuer; without it, the page has no sign-in. */
        readonly clientId: string | undefined;
        readonly scope: string;
      }
    | undefined;
  /** Which clients get tokens for development: those on the same machine, or all. */
  abstract readonly developmentSignIn: 'local' | 'open';
  /** Without a URL, this process runs an embedded PostgreSQL. */
  abstract readonly database: {
    readonly url: string | undefined;
    /** Leads to PostgreSQL itself. It is set if the other URL leads to a connection pooler in transaction mode. */
    readonly directUrl: string | undefined;
    readonly poolSize: number;
    /** Time limit for waiting for PostgreSQL at the start. */
    readonly startTimeout: number;
  };
  /** Days after their last change until finished orders move to the archive; 0 for never. */
  abstract readonly archiveAfterDays: number;
  abstract readonly shutdown: {
    /** Time between the loss of readiness and the end of listening. */
    readonly delay: number;
    /** Time limit for the requests in flight after that. */
    readonly grace: number;
  };
  /** Without an endpoint, nothing is traced. The packages of OpenTelemetry read the endpoint and the sampler themselves. */
  abstract readonly tracing: { readonly protocol: TracesProtocol } | undefined;
  /** Without a Redis URL, this process caches in its own memory. */
  abstract readonly cache: {
    readonly redisUrl: string | undefined;
    /** What messages call the setting. */
    readonly redisUrlName: string;
    /** Longest time that a request waits for Redis. */
    readonly deadline: number;
    readonly entryLifetime: number;
    readonly l1MaxBytes: number;
    /** Time between two comparisons of a hit with the database; 0 for none. */
    readonly inspectionInterval: number;
    /** Largest number of concurrent loads. */
    readonly maxLoads: number;
  };
}

/** Largest part of the database connections for loads of the cache. The rest is left to writes. */
const READERS_SHARE = 0.8;

function intervalOf(timesPerMinute: number): number {
  return timesPerMinute === 0 ? 0 : 60_000 / timesPerMinute;
}

/** @throws {EnvironmentError} */
export function readConfiguration(variables: NodeJS.ProcessEnv): Configuration {
  const environment = readEnvironment(variables);
  const { AUTH_ISSUER: issuer, AUTH_JWKS_URL: jwksUrl, AUTH_AUDIENCE: audience } = environment;
  return {
    warnings: [...describeMisspelt(variables), ...describeUnusedTracing(variables), ...describeUnusedProxy(variables)],
    production: environment.NODE_ENV === 'production',
    host: environment.HOST,
    port: environment.PORT,
    workers: environment.WORKERS || availableParallelism(),
    basePath: environment.BASE_PATH,
    logLevel: environment.LOG_LEVEL,
    logHitsEvery: environment.LOG_HITS_EVERY,
    metricsToken: environment.METRICS_TOKEN,
    corsOrigins: parseOrigins(environment.CORS_ORIGINS) ?? [],
    trustProxy: parseTrustProxy(environment.TRUST_PROXY) ?? false,
    requestTimeout: environment.REQUEST_TIMEOUT_SECONDS * 1_000,
    keepAliveTimeout: environment.KEEP_ALIVE_SECONDS * 1_000,
    rateLimitPerMinute: environment.RATE_LIMIT_PER_MINUTE,
    maxEventLoopDelay: environment.MAX_EVENT_LOOP_DELAY_MS,
    dataDirectory: resolve(projectFolder(), environment.DATA_DIR),
    auth:
      issuer && jwksUrl && audience
        ? {
            issuer,
            jwksUrl,
            audience,
            rolesClaim: environment.AUTH_ROLES_CLAIM,
            roleMap: parseRoleMap(environment.AUTH_ROLE_MAP) ?? new Map(),
            clientId: environment.AUTH_CLIENT_ID,
            scope: environment.AUTH_SCOPE,
          }
        : undefined,
    developmentSignIn: environment.DEVELOPMENT_SIGN_IN,
    database: {
      url: environment.DATABASE_URL,
      directUrl: environment.DATABASE_DIRECT_URL,
      poolSize: environment.DATABASE_POOL_SIZE,
      startTimeout: environment.DATABASE_WAIT_SECONDS * 1_000,
    },
    archiveAfterDays: environment.ARCHIVE_AFTER_DAYS,
    shutdown: {
      delay: environment.SHUTDOWN_DELAY_SECONDS * 1_000,
      grace: environment.SHUTDOWN_GRACE_SECONDS * 1_000,
    },
    tracing: environment.OTEL_EXPORTER_OTLP_ENDPOINT
      ? { protocol: environment.OTEL_EXPORTER_OTLP_PROTOCOL }
      : undefined,
    cache: {
      redisUrl: environment.REDIS_URL,
      redisUrlName: 'REDIS_URL',
      deadline: environment.REDIS_DEADLINE_MS,
      entryLifetime: environment.CACHE_TTL_SECONDS * 1_000,
      l1MaxBytes: environment.NEAR_CACHE_MB * 1024 * 1024,
      inspectionInterval: intervalOf(environment.CACHE_INSPECTIONS_PER_MINUTE),
      maxLoads: Math.ceil(environment.DATABASE_POOL_SIZE * READERS_SHARE),
    },
  };
}
