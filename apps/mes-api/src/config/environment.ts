import { readFileSync } from 'node:fs';
import { join } from 'node:path';
// As a whole: a Node.js that is too old to have `parseEnv` must get as far as `require-node.js`.
import * as util from 'node:util';
import { redisUrlComplaint } from '@mes/cache';
import { databaseUrlComplaint } from '@mes/database';
import { applyDecorators } from '@nestjs/common';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateBy,
  validateSync,
} from 'class-validator';
import { EnvironmentError } from './environment-error.js';
import { projectFolder } from './project-folder.js';
import { findMisspelt } from './similar-variables.js';
import { parseRoleMap, ROLES } from './roles.js';
import { parseOrigins } from './cors-origins.js';
import { parseTrustProxy } from './trust-proxy.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The samplers of OpenTelemetry. */
export const TRACES_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Names of containers have no domain, and may have underscores. */
const HTTP_URL = { require_tld: false, require_protocol: true, protocols: ['http', 'https'], allow_underscores: true };

/** Variables that Node reads before any code runs. */
const OF_NODE = new Set(['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_USE_ENV_PROXY']);

/**
 * How the paths of the API and of the page begin. An instance answers with and without the base path, so these mean themselves: a health
 * check at `/health/live` would otherwise be one at `/live` below `/health`.
 */
export const OWN_PATHS = [
  ...['api', 'docs', 'docs-json', 'health', 'metrics', 'page'],
  ...['assets', 'board', 'dashboard', 'mine', 'orders', 'signed-in'],
];

/** The longest name or value of an attribute that OpenTelemetry takes, in characters. */
const LONGEST_ATTRIBUTE = 255;

function Whole(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
    ),
    IsInt({ message: '$property must be a whole number' }),
    Min(min),
    Max(max),
  );
}

/** @param complaint says what is wrong with a value, as a part of a sentence after the name of the variable */
function Url(complaint: (value: string) => string | undefined): PropertyDecorator {
  const complaintOf = (value: unknown): string | undefined =>
    typeof value === 'string' ? complaint(value) : 'must be a URL';
  return ValidateBy(
    { name: 'isUrlOfServer', validator: { validate: (value) => complaintOf(value) === undefined } },
    { message: ({ property, value }) => `${property} ${complaintOf(value) ?? ''}` },
  );
}

/**
 * Reads `.env` in the folder of the project, if there is one. Variables that are already set keep their values.
 *
 * @throws {EnvironmentError} if it cannot be read
 */
export function loadEnvironmentFile(folder = projectFolder()): void {
  const file = join(folder, '.env');
  const bytes = readIfThere(file);
  // Editors of Windows save so. Every name would have a zero byte after each letter.
  if (bytes.includes(0)) throw new EnvironmentError(`${file} is not in UTF-8: save it in UTF-8`);
  // A byte order mark would become a part of the first name.
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  for (const [name, value] of Object.entries(util.parseEnv(text))) {
    if (OF_NODE.has(name) && process.env[name] === undefined) {
      const remedy = 'which Node.js does not read: set it in the environment';
      throw new EnvironmentError(`${name} has no effect in ${file}, ${remedy}`);
    }
    process.env[name] ??= value;
  }
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return Buffer.alloc(0);
    const remedy = 'make it a file that this user may read, or remove it';
    throw new EnvironmentError(`${file} cannot be read (${String(code)}): ${remedy}`, { cause: error });
  }
}

/** A proxy must be able to put any path behind it as it is. */
function isBasePath(value: string): boolean {
  const [, first = ''] = value.split('/');
  return /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*$/.test(value) && !OWN_PATHS.includes(first);
}

/** The package of OpenTelemetry drops a list in which it cannot decode one entry. */
function areAttributes(value: string): boolean {
  if (!/^([^\s=,][^=,]*=[^=,]*(,|$))*$/.test(value)) return false;
  try {
    return value.split(/[=,]/).every((part) => decodeURIComponent(part.trim()).length <= LONGEST_ATTRIBUTE);
  } catch {
    return false;
  }
}

/** The environment variables with their defaults: see `.env.example`. */
export class Environment {
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  @Whole(0, 65_535)
  PORT = 3000;

  @IsString()
  @MinLength(1)
  HOST = '127.0.0.1';

  @Whole(0, 64)
  WORKERS = 1;

  @ValidateBy(
    {
      name: 'isBasePath',
      validator: { validate: (value: unknown) => typeof value === 'string' && isBasePath(value) },
    },
    {
      message:
        '$property must be a path such as /mes, without a slash at its end, that does not begin like one of the API, such as /api',
    },
  )
  BASE_PATH = '';

  @IsOptional()
  @Url(databaseUrlComplaint)
  DATABASE_URL?: string;

  @IsOptional()
  @Url(databaseUrlComplaint)
  DATABASE_DIRECT_URL?: string;

  @Whole(1, 500)
  DATABASE_POOL_SIZE = 10;

  @Whole(0, 3_600)
  DATABASE_WAIT_SECONDS = 30;

  @IsOptional()
  @Url(redisUrlComplaint)
  REDIS_URL?: string;

  @Whole(1, 60_000)
  REDIS_DEADLINE_MS = 50;

  @IsString()
  @MinLength(1)
  DATA_DIR = '.data';

  @IsOptional()
  @IsUrl(
    {
      ...HTTP_URL,
      disallow_auth: true,
      allow_query_components: false,
      allow_fragments: false,
    },
    { message: '$property must be an http(s) URL, exactly as in the tokens of the issuer' },
  )
  AUTH_ISSUER?: string;

  @IsOptional()
  @IsUrl(
    // Requests of fetch() can have neither, and its error would quote both.
    { ...HTTP_URL, disallow_auth: true },
    { message: '$property must be an http(s) URL without user and password' },
  )
  AUTH_JWKS_URL?: string;

  @IsOptional()
  @Matches(/^\S+$/, { message: '$property must be the audience of the API in the tokens, without spaces' })
  AUTH_AUDIENCE?: string;

  @Matches(/^\S+$/, { message: '$property must be the name of a claim, or a path such as realm_access.roles' })
  AUTH_ROLES_CLAIM = 'roles';

  @ValidateBy(
    {
      name: 'isRoleMap',
      validator: { validate: (value: unknown) => typeof value === 'string' && parseRoleMap(value) !== undefined },
    },
    { message: `$property must be a list such as name=operator,name=admin; the roles are ${ROLES.join(', ')}` },
  )
  AUTH_ROLE_MAP = '';

  @IsOptional()
  @IsString()
  AUTH_CLIENT_ID?: string;

  @IsString()
  AUTH_SCOPE = 'openid profile';

  @IsIn(['local', 'open'])
  DEVELOPMENT_SIGN_IN: 'local' | 'open' = 'local';

  @ValidateBy(
    {
      name: 'areOrigins',
      validator: { validate: (value: unknown) => typeof value === 'string' && parseOrigins(value) !== undefined },
    },
    { message: '$property must be a list of origins, separated by commas' },
  )
  CORS_ORIGINS = '';

  @ValidateBy(
    {
      name: 'isTrustProxy',
      validator: { validate: (value: unknown) => typeof value === 'string' && parseTrustProxy(value) !== undefined },
    },
    { message: '$property must be a list of addresses and ranges, separated by commas, or a number of proxies' },
  )
  TRUST_PROXY = '';

  @Whole(1, 3_600)
  REQUEST_TIMEOUT_SECONDS = 30;

  @Whole(1, 3_600)
  KEEP_ALIVE_SECONDS = 72;

  @Whole(0, 10_000_000)
  RATE_LIMIT_PER_MINUTE = 0;

  @Whole(10, 60_000)
  MAX_EVENT_LOOP_DELAY_MS = 2_000;

  @Whole(1, 86_400)
  CACHE_TTL_SECONDS = 3_600;

  @Whole(1, 65_536)
  NEAR_CACHE_MB = 64;

  @Whole(0, 36_500)
  ARCHIVE_AFTER_DAYS = 0;

  @Whole(0, 600)
  CACHE_INSPECTIONS_PER_MINUTE = 0;

  @Whole(0, 300)
  SHUTDOWN_DELAY_SECONDS = 0;

  @Whole(1, 3_600)
  SHUTDOWN_GRACE_SECONDS = 10;

  @IsOptional()
  @IsUrl(HTTP_URL, { message: '$property must be an http(s) URL' })
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  @IsIn(['http/protobuf', 'http/json'])
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' | 'http/json' = 'http/protobuf';

  @IsIn(TRACES_SAMPLERS)
  OTEL_TRACES_SAMPLER: (typeof TRACES_SAMPLERS)[number] = 'parentbased_always_on';

  @Matches(/^(0(\.\d+)?|1(\.0+)?)$/, { message: '$property must be a number from 0 to 1' })
  OTEL_TRACES_SAMPLER_ARG = '1';

  @IsString()
  OTEL_SERVICE_NAME = 'mes-orders-api';

  @ValidateBy(
    {
      name: 'areAttributes',
      validator: { validate: (value: unknown) => typeof value === 'string' && areAttributes(value) },
    },
    {
      message: '$property must be a list such as name=value,name=value, with %25 for %, %2C for a comma and %3D for =',
    },
  )
  OTEL_RESOURCE_ATTRIBUTES = '';

  @Whole(0, 1_000_000)
  LOG_HITS_EVERY = 1_000;

  @IsOptional()
  @Matches(/^[\x21-\x7e]{16,}$/, { message: '$property must have 16 characters or more, without spaces' })
  METRICS_TOKEN?: string;

  @IsIn(LOG_LEVELS)
  LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';
}

/**
 * Reads and validates the variables. An empty variable counts as not set.
 *
 * @throws {EnvironmentError} with the names of all invalid variables, without their values, which may be secrets
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const names = Object.keys(new Environment());
  const given: unknown = Object.fromEntries(
    names.map((name) => [name, variables[name]?.trim()]).filter(([, value]) => value),
  );
  const environment = plainToInstance(Environment, given, { exposeDefaultValues: true });

  const wrong = validateSync(environment, { validationError: { target: false, value: false } });
  const messages = wrong.map(
    ({ property, constraints = {} }) => `${property}: ${Object.values(constraints).join(', ')}`,
  );
  messages.push(...databaseComplaints(environment), ...workersComplaints(environment), ...authComplaints(environment));
  if (messages.length > 0) throw new EnvironmentError(`the environment is not valid:\n  ${messages.join('\n  ')}`);
  return environment;
}

/** A line for each variable that has no effect and looks like a misspelt one. */
export function describeMisspelt(variables: NodeJS.ProcessEnv): string[] {
  const misspelt = findMisspelt(variables, Object.keys(new Environment()));
  return [...misspelt].map(([name, meant]) => `The variable ${name} has no effect. Did you mean ${meant}?`);
}

/**
 * A line for each variable of OpenTelemetry that is set and has no effect here. Its packages read many variables, but these are for the
 * part that chooses an exporter, which the API does itself.
 */
export function describeUnusedTracing(variables: NodeJS.ProcessEnv): string[] {
  const value = (name: string): string => variables[name]?.trim().toLowerCase() ?? '';
  const isTraced = value('OTEL_EXPORTER_OTLP_ENDPOINT') !== '';
  const without = 'to send no traces, leave OTEL_EXPORTER_OTLP_ENDPOINT empty';
  const unused: readonly (readonly [name: string, isMissed: boolean, remedy: string])[] = [
    ['OTEL_SDK_DISABLED', isTraced && value('OTEL_SDK_DISABLED') === 'true', without],
    ['OTEL_TRACES_EXPORTER', isTraced && !['', 'otlp'].includes(value('OTEL_TRACES_EXPORTER')), without],
    [
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      !isTraced && value('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== '',
      'to send traces, set OTEL_EXPORTER_OTLP_ENDPOINT as well',
    ],
    [
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
      isTraced && value('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') !== '',
      'set OTEL_EXPORTER_OTLP_PROTOCOL',
    ],
  ];
  return unused
    .filter(([, isMissed]) => isMissed)
    .map(([name, , remedy]) => `The variable ${name} has no effect: ${remedy}.`);
}

/** A line if a proxy is named that Node does not use: it takes these variables for its own only when it is told to. */
export function describeUnusedProxy(variables: NodeJS.ProcessEnv): string[] {
  const { AUTH_ISSUER: issuer = '', NODE_USE_ENV_PROXY } = variables;
  if (NODE_USE_ENV_PROXY === '1' || !URL.canParse(issuer)) return [];
  const { protocol, hostname } = new URL(issuer);
  const names = protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const name = names.find((each) => (variables[each] ?? '').trim() !== '');
  const direct = (variables.NO_PROXY ?? variables.no_proxy ?? '').split(/[\s,]+/);
  if (name === undefined || direct.some((host) => isBelow(hostname, host))) return [];
  return [
    `The variable ${name} has no effect: to reach AUTH_ISSUER through it, set NODE_USE_ENV_PROXY=1 as well, with Node.js 24 or newer.`,
  ];
}

/** Whether an entry of NO_PROXY, such as `.example.com`, stands for the host. */
function isBelow(host: string, entry: string): boolean {
  const domain = entry.replace(/^\*?\.?/, '');
  return entry === '*' || (domain !== '' && `.${host}`.endsWith(`.${domain}`));
}

function databaseComplaints({ NODE_ENV, DATABASE_URL, DATABASE_DIRECT_URL }: Environment): string[] {
  if (DATABASE_DIRECT_URL !== undefined && DATABASE_URL === undefined) {
    return [
      'DATABASE_DIRECT_URL: has no effect alone: set DATABASE_URL, which leads to the same database through a pooler',
    ];
  }
  if (NODE_ENV !== 'production' || DATABASE_URL !== undefined) return [];
  return ['DATABASE_URL: must be set in production, since the PostgreSQL that the API runs itself is for development'];
}

function workersComplaints({ WORKERS, DATABASE_URL, REDIS_URL }: Environment): string[] {
  const missing = Object.entries({ DATABASE_URL, REDIS_URL }).filter(([, url]) => url === undefined);
  if (WORKERS === 1 || missing.length === 0) return [];
  const names = missing.map(([name]) => name).join(' and ');
  return [`WORKERS: several processes share a database and a Redis: set ${names}, or WORKERS to 1`];
}

function authComplaints({ NODE_ENV, ...auth }: Environment): string[] {
  if (auth.AUTH_CLIENT_ID !== undefined && auth.AUTH_CLIENT_ID === auth.AUTH_AUDIENCE) {
    return ['AUTH_AUDIENCE: must differ from AUTH_CLIENT_ID, which is the audience of ID tokens'];
  }
  const names = ['AUTH_ISSUER', 'AUTH_JWKS_URL', 'AUTH_AUDIENCE'] as const;
  const missing = names.filter((name) => auth[name] === undefined);
  if (missing.length === 0 || (missing.length === names.length && NODE_ENV !== 'production')) return [];
  return [
    `${missing.join(', ')}: must be set ${NODE_ENV === 'production' ? 'in production' : 'together with the others'}`,
  ];
}
