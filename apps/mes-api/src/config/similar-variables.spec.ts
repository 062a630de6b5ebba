import { Environment } from './environment.js';
import { findMisspelt } from './similar-variables.js';

const KNOWN = Object.keys(new Environment());

function meant(name: string, value = 'value'): string | undefined {
  return findMisspelt({ [name]: value }, KNOWN).get(name);
}

describe('a variable without effect', () => {
  it.each([
    ['RATE_LIMIT_PER_MIN', 'RATE_LIMIT_PER_MINUTE'],
    ['RATE_LIMIT', 'RATE_LIMIT_PER_MINUTE'],
    ['RATE_LIMIT_PER_MINUTES', 'RATE_LIMIT_PER_MINUTE'],
    ['RATELIMIT_PER_MINUTE', 'RATE_LIMIT_PER_MINUTE'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_ULR', 'DATABASE_URL'],
    ['database_url', 'DATABASE_URL'],
    ['REDIS_URI', 'REDIS_URL'],
    ['CACHE_TTL', 'CACHE_TTL_SECONDS'],
    ['CACHE_TTL_MS', 'CACHE_TTL_SECONDS'],
    ['NEAR_CACHE_MIB', 'NEAR_CACHE_MB'],
    ['TRUST-PROXY', 'TRUST_PROXY'],
    ['AUTH_ISUER', 'AUTH_ISSUER'],
    ['AUTH_CLIENT_SECRET', 'AUTH_CLIENT_ID'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['DATADIR', 'DATA_DIR'],
    ['SHUTDOWN_GRACE', 'SHUTDOWN_GRACE_SECONDS'],
    ['METRIC_TOKEN', 'METRICS_TOKEN'],
  ])('that looks like one of ours is found: %s', (name, expected) => {
    expect(meant(name)).toBe(expected);
  });

  it.each([
    ...['PATH', 'HOSTNAME', 'HOME', 'PWD', 'SHLVL', 'LANG', 'TERM', 'EDITOR', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'],
    ...[
      'PGPASSWORD',
      'PGHOST',
      'PGSSLMODE',
      'POSTGRES_PASSWORD',
      'API_PORT',
      'UV_THREADPOOL_SIZE',
      'npm_config_loglevel',
    ],
    ...['REDIS_PORT', 'REDIS_SERVICE_HOST', 'DATABASE_HOST', 'KUBERNETES_SERVICE_PORT', 'MES_API_PORT', 'NPM_TOKEN'],
    ...[
      'OTEL_EXPORTER_OTLP_HEADERS',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'OTEL_BSP_MAX_QUEUE_SIZE',
      'OTEL_LOG_LEVEL',
    ],
    ...['PROMETHEUS_PORT', 'GRAFANA_PASSWORD', 'HTTP_PROXY', 'NO_PROXY', 'TZ', 'port', 'host', 'TEST_REDIS_URL'],
    ...KNOWN,
  ])('of another program, or with an effect, is not: %s', (name) => {
    expect(meant(name)).toBeUndefined();
  });

  it('is not looked at if it is empty', () => {
    expect(meant('RATE_LIMIT', ' ')).toBeUndefined();
  });
});
