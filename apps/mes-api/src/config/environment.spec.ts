import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from './environment-error.js';
import { describeUnusedProxy, describeUnusedTracing, loadEnvironmentFile, readEnvironment } from './environment.js';

const AUTH = {
  AUTH_ISSUER: 'https://issuer.example.com',
  AUTH_JWKS_URL: 'https://issuer.example.com/jwks',
  AUTH_AUDIENCE: 'mes',
};

function messageOf(variables: NodeJS.ProcessEnv): string {
  try {
    readEnvironment(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    return (error as Error).message;
  }
  throw new Error('the environment was accepted');
}

describe('the environment', () => {
  it('may be empty, and ignores unrelated variables', () => {
    const environment = readEnvironment({ PATH: '/bin', port: '1' });
    expect(environment).toMatchObject({ NODE_ENV: 'development', PORT: 3000, HOST: '127.0.0.1', DATA_DIR: '.data' });
    expect(environment.DATABASE_URL).toBeUndefined();
  });

  it('treats an empty variable as not set', () => {
    expect(readEnvironment({ PORT: '', REDIS_URL: ' ' })).toEqual(readEnvironment({}));
  });

  it('converts numbers', () => {
    expect(readEnvironment({ PORT: ' 0 ', CACHE_TTL_SECONDS: '60' })).toMatchObject({ PORT: 0, CACHE_TTL_SECONDS: 60 });
  });

  it.each([
    ['NODE_ENV', 'staging-7'],
    ['PORT', '65536'],
    ['PORT', '-1234'],
    ['PORT', '30.5'],
    ['PORT', '0x7777'],
    ['PORT', '1e3'],
    ['DATABASE_URL', 'mysql://user:pass-word@host/db'],
    ['DATABASE_URL', 'postgres:/host/db'],
    ['DATABASE_URL', 'postgres://pass word@host'],
    ['DATABASE_DIRECT_URL', 'pass-word@host'],
    ['DATABASE_POOL_SIZE', '501'],
    ['DATABASE_WAIT_SECONDS', 'forever'],
    ['REDIS_URL', 'http://pass-word@host'],
    ['CORS_ORIGINS', 'example.com'],
    ['CORS_ORIGINS', 'https://a.example.com/path'],
    ['CORS_ORIGINS', 'https://a.example.com,'],
    ['CACHE_TTL_SECONDS', '86401'],
    ['NEAR_CACHE_MB', '99999'],
    ['LOG_LEVEL', 'loud-est'],
    ['BASE_PATH', 'mes-api'],
    ['BASE_PATH', '//mes-api'],
    ['BASE_PATH', '/mes-api/..'],
    ['BASE_PATH', '/mes api'],
    ['BASE_PATH', '/mes?api'],
    ['AUTH_ROLES_CLAIM', 'two claims'],
    ['AUTH_ROLE_MAP', 'the-boss=root'],
    ['AUTH_ROLE_MAP', '=admin '],
    ['AUTH_ROLE_MAP', 'the-boss=admin,,'],
    ['AUTH_ROLE_MAP', 'the-boss'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'nonsense'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'load=50%'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'place=%ff'],
    ['OTEL_RESOURCE_ATTRIBUTES', `place=${'x'.repeat(256)}`],
  ])('refuses %s=%s, naming the variable without its value', (name, value) => {
    const message = messageOf({ [name]: value });
    expect(message).toContain(`${name}: `);
    expect(message).not.toContain(value);
  });

  it.each(['mes', '/', '/mes/', '/mes//orders', '/api', '/api/mes', '/docs', '/health', '/metrics', '/orders'])(
    'refuses a base path that instances and proxies would understand differently: %s',
    (BASE_PATH) => {
      expect(messageOf({ BASE_PATH })).toContain(
        'BASE_PATH: BASE_PATH must be a path such as /mes, without a slash at its end, that does not begin like one of the API, such as /api',
      );
    },
  );

  it.each(['', '/mes', '/factory/mes', '/apis', '/mes/api', '/~mes/v1.0'])('accepts a base path: %s', (BASE_PATH) => {
    expect(readEnvironment({ BASE_PATH }).BASE_PATH).toBe(BASE_PATH);
  });

  it.each([
    ...['true', '*', 'all', '-1', '100', '1.5', '10.0.0.0/8,', '10.0.0.0/33', '10.0.0.0/0', '10.0.0/8', '10.0.0.1/8/8'],
    ...['::1/129', 'proxy.example', '10.0.0.1 10.0.0.2', '127.0.0.1:80', 'toString'],
  ])('refuses an invalid list of proxies: %s', (value) => {
    expect(messageOf({ TRUST_PROXY: value })).toContain('TRUST_PROXY: ');
  });

  it.each(['1', '12', '10.1.2.3', '10.0.0.0/8 , ::1', 'loopback,uniquelocal', '2001:db8::/32', '::ffff:10.0.0.1'])(
    'accepts a list of proxies: %s',
    (value) => {
      expect(readEnvironment({ TRUST_PROXY: value }).TRUST_PROXY).toBe(value);
    },
  );

  it.each([
    'login.example.com',
    'ftp://login.example.com',
    'https://user:secret@login.example.com',
    'https://a.example/?b',
    'https://a.example/#b',
  ])('refuses an issuer that is none: %s', (AUTH_ISSUER) => {
    const message = messageOf({ ...AUTH, AUTH_ISSUER });
    expect(message).toContain('AUTH_ISSUER: AUTH_ISSUER must be an http(s) URL');
  });

  it.each(['https://user:secret-word@login.example.com/keys', 'https://secret-word@login.example.com/keys'])(
    'refuses an address of keys with a user, which no request could have, and does not repeat it: %s',
    (AUTH_JWKS_URL) => {
      const message = messageOf({ ...AUTH, AUTH_JWKS_URL });
      expect(message).toContain('AUTH_JWKS_URL: AUTH_JWKS_URL must be an http(s) URL without user and password');
      expect(message).not.toContain('secret-word');
    },
  );

  it('accepts names of containers, which may have underscores, and refuses in words what is no URL', () => {
    const urls = {
      AUTH_ISSUER: 'http://key_cloak:8080/realms/mes',
      AUTH_JWKS_URL: 'http://key_cloak:8080/realms/mes/protocol/openid-connect/certs',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel_collector:4318',
    };
    expect(readEnvironment({ ...AUTH, ...urls })).toMatchObject(urls);
    for (const name of ['AUTH_JWKS_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT']) {
      expect(messageOf({ ...AUTH, [name]: 'collector:4318' })).toContain(`${name}: ${name} must be an http(s) URL`);
    }
  });

  it('refuses an audience that ID tokens have', () => {
    expect(messageOf({ ...AUTH, AUTH_CLIENT_ID: AUTH.AUTH_AUDIENCE })).toContain('AUTH_AUDIENCE: must differ');
  });

  it.each(['AUTH_ISSUER', 'AUTH_JWKS_URL'])('refuses a %s that is not a URL', (name) => {
    const message = messageOf({ ...AUTH, [name]: 'no url' });
    expect(message).toContain(`${name}: `);
    expect(message).not.toContain('no url');
  });

  it('reports all invalid variables together', () => {
    expect(messageOf({ PORT: 'x', LOG_LEVEL: 'x', REDIS_URL: 'x' })).toMatch(/PORT: [^]*REDIS_URL: [^]*LOG_LEVEL: /);
  });

  it('requires an issuer in production and names the missing variables', () => {
    const message = messageOf({ NODE_ENV: 'production' });
    expect(message).toContain('AUTH_ISSUER, AUTH_JWKS_URL, AUTH_AUDIENCE: must be set in production');
    const DATABASE_URL = 'postgres://mes@host/mes';
    const production = { NODE_ENV: 'production', DATABASE_URL, ...AUTH };
    expect(readEnvironment(production)).toMatchObject(production);
  });

  it('refuses a way past a pooler without the way through it', () => {
    const DATABASE_DIRECT_URL = 'postgres://mes@host/mes';
    expect(messageOf({ DATABASE_DIRECT_URL })).toMatch(/DATABASE_DIRECT_URL: has no effect alone: set DATABASE_URL/);
    const both = { DATABASE_URL: 'postgres://mes@pooler:6432/mes', DATABASE_DIRECT_URL };
    expect(readEnvironment(both)).toMatchObject(both);
  });

  it('requires a database in production', () => {
    expect(messageOf({ NODE_ENV: 'production', ...AUTH })).toMatch(
      /\n {2}DATABASE_URL: must be set in production[^\n]*$/,
    );
  });

  it.each([
    ['DATABASE_URL', 'postgres://mes:pass#word@host/mes', '%23'],
    ['DATABASE_URL', 'postgres://mes:pass/word@host/mes', '%2F'],
    ['DATABASE_URL', 'postgres://mes:5432#word@host/mes', '%23'],
    ['DATABASE_URL', 'postgres://mes@host/mes?sslmode=verify-full&sslrootcert=/no/such.pem', 'sslrootcert'],
    ['REDIS_URL', 'redis://:pass#word@host', '%23'],
    ['REDIS_URL', 'redis://:pass/word@host', '%2F'],
    ['REDIS_URL', 'redis://mes:6379#word@host', '%23'],
    ['REDIS_URL', 'redis://mes:6379?word@host', '%3F'],
    ['REDIS_URL', 'redis://mes:6379/word@host', '%2F'],
    ['REDIS_URL', 'redis://:pass%word@host', '%25'],
    ['REDIS_URL', 'redis://host/first', 'database'],
    ['REDIS_URL', 'redis://mes:pass@word@', 'not a URL'],
    ['REDIS_URL', 'redis://mes:secret-word@a,,b', 'not a URL'],
    ['REDIS_URL', 'redis://,secret-word@', 'not a URL'],
    ['REDIS_URL', 'redis://mes:secret-word@a:1,b:port', 'not a URL'],
    ['REDIS_URL', 'redis://mes:secret-word@a,b/3', 'several hosts mean a Redis Cluster'],
    ['REDIS_URL', 'redis-sentinel://mes:secret-word@a,b', 'the name of the primary'],
    ['REDIS_URL', 'redis-sentinel://mes:secret-word@a,b/orders/first', 'the name of the primary'],
    ['REDIS_URL', 'redis-sentinel://a/orders?password=secret-word@', 'sentinelPassword'],
    ['REDIS_URL', 'redis://a?sentinelPassword=secret-word@', '%3F'],
  ])('says what is wrong with a URL, without the URL: %s=%s', (name, value, remedy) => {
    const message = messageOf({ [name]: value });
    expect(message).toContain(`\n  ${name}: `);
    expect(message).toContain(remedy);
    expect(message).not.toContain('word@');
    expect(message).not.toContain(value);
  });

  it.each([
    ...['redis://host', 'redis://host:6379/', 'redis://host:6379/3', 'rediss://mes:pa%23ss@host', 'redis://:p@ss@host'],
    ...[
      'redis://[::1]:6379',
      'redis://:p@ss@a:6379,b',
      'rediss://mes:pa%23ss@[::1]:1,[::1]:2/',
      'redis-sentinel://a/orders',
    ],
    'rediss-sentinel://mes:pa%23ss@a:1,b:2/orders/3?sentinelUsername=eve&sentinelPassword=a%26b',
  ])('accepts a URL of Redis: %s', (value) => {
    expect(readEnvironment({ REDIS_URL: value }).REDIS_URL).toBe(value);
  });

  it.each([
    ...['postgres://host/mes', 'postgresql://mes:pa%23ss@host:5432/mes?application_name=x', 'postgres:///mes'],
    ...['postgres://mes@/mes?host=/run/postgresql', 'postgres://mes:pa%ss@host/mes'],
  ])('accepts a URL of PostgreSQL: %s', (value) => {
    expect(readEnvironment({ DATABASE_URL: value }).DATABASE_URL).toBe(value);
  });

  it.each(Object.keys(AUTH))('refuses a missing %s if the others are set, in production and development', (name) => {
    for (const NODE_ENV of ['development', 'production']) {
      expect(messageOf({ ...AUTH, NODE_ENV, [name]: undefined })).toContain(`${name}: must be set`);
    }
  });
});

describe('a variable of OpenTelemetry without effect', () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';

  it.each<[NodeJS.ProcessEnv, string]>([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: ' TRUE' }, 'leave OTEL_EXPORTER_OTLP_ENDPOINT empty'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, 'leave OTEL_EXPORTER_OTLP_ENDPOINT empty'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' }, 'set OTEL_EXPORTER_OTLP_PROTOCOL'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector/otlp' }, 'set OTEL_EXPORTER_OTLP_ENDPOINT as well'],
  ])('is named, with what to do instead: %s', (variables, remedy) => {
    const name = Object.keys(variables).at(-1) ?? '';
    expect(describeUnusedTracing(variables)).toEqual([
      expect.stringMatching(new RegExp(`^The variable ${name} has no effect: .*${remedy}\\.$`)) as string,
    ]);
  });

  it.each<NodeJS.ProcessEnv>([
    {},
    { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'false', OTEL_TRACES_EXPORTER: 'otlp' },
    { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector/otlp' },
  ])('is none of these: %s', (variables) => {
    expect(describeUnusedTracing(variables)).toEqual([]);
  });
});

describe('a proxy for requests to the issuer', () => {
  const AUTH_ISSUER = 'https://login.example.com/realms/mes';

  it.each(['HTTPS_PROXY', 'https_proxy'])('is not used if only %s names it, which is said', (name) => {
    expect(describeUnusedProxy({ AUTH_ISSUER, [name]: 'http://proxy:3128' })).toEqual([
      `The variable ${name} has no effect: to reach AUTH_ISSUER through it, set NODE_USE_ENV_PROXY=1 as well, with Node.js 24 or newer.`,
    ]);
  });

  it.each(['', 'localhost', 'other-login.example.com', 'in.example.com'])('is missed with NO_PROXY=%s', (NO_PROXY) => {
    expect(describeUnusedProxy({ AUTH_ISSUER, HTTPS_PROXY: 'http://proxy:3128', NO_PROXY })).toHaveLength(1);
  });

  it.each<NodeJS.ProcessEnv>([
    { AUTH_ISSUER },
    { HTTPS_PROXY: 'http://proxy:3128' },
    { AUTH_ISSUER, HTTPS_PROXY: ' ' },
    { AUTH_ISSUER, HTTP_PROXY: 'http://proxy:3128' },
    { AUTH_ISSUER, HTTPS_PROXY: 'http://proxy:3128', NODE_USE_ENV_PROXY: '1' },
    ...['*', 'login.example.com', 'localhost,.example.com', '127.0.0.1, *.example.com'].map((NO_PROXY) => ({
      AUTH_ISSUER,
      HTTPS_PROXY: 'http://proxy:3128',
      NO_PROXY,
    })),
  ])('is not missed: %s', (variables) => {
    expect(describeUnusedProxy(variables)).toEqual([]);
  });
});

describe('.env', () => {
  let folder: string;
  const names = ['MES_SPEC_FIRST', 'MES_SPEC_SECOND'] as const;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mes-env-'));
  });

  afterEach(async () => {
    for (const name of names) Reflect.deleteProperty(process.env, name);
    await rm(folder, { recursive: true });
  });

  const save = (content: string | Buffer): Promise<void> => writeFile(join(folder, '.env'), content);
  const load = (): void => {
    loadEnvironmentFile(folder);
  };
  const found = (): unknown => names.map((name) => process.env[name]);

  it('gives variables that are not set, and need not be there', async () => {
    load();
    process.env.MES_SPEC_FIRST = '';
    await save('MES_SPEC_FIRST=1\n# a comment\nMES_SPEC_SECOND="two words"\n');
    load();
    expect(found()).toEqual(['', 'two words']);
  });

  it('keeps its first line after a byte order mark', async () => {
    await save('\uFEFFMES_SPEC_FIRST=1\r\nMES_SPEC_SECOND=2\r\n');
    load();
    expect(found()).toEqual(['1', '2']);
  });

  it('is refused with a variable that has an effect only before Node.js starts, unless that is set there as well', async () => {
    const { NODE_USE_ENV_PROXY: before } = process.env;
    await save('NODE_USE_ENV_PROXY=1\n');
    try {
      delete process.env.NODE_USE_ENV_PROXY;
      expect(load).toThrow(
        `NODE_USE_ENV_PROXY has no effect in ${folder}/.env, which Node.js does not read: set it in the environment`,
      );
      process.env.NODE_USE_ENV_PROXY = '1';
      expect(load).not.toThrow();
    } finally {
      if (before === undefined) delete process.env.NODE_USE_ENV_PROXY;
    }
  });

  it('is refused in UTF-16', async () => {
    await save(Buffer.from('\uFEFFMES_SPEC_FIRST=1\n', 'utf16le'));
    expect(load).toThrow(new EnvironmentError(`${folder}/.env is not in UTF-8: save it in UTF-8`));
  });

  it('is refused if it is a folder', async () => {
    await mkdir(join(folder, '.env'));
    expect(load).toThrow(EnvironmentError);
    expect(load).toThrow(
      `${folder}/.env cannot be read (EISDIR): make it a file that this user may read, or remove it`,
    );
  });
});
