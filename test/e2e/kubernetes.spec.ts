import { access, readdir, readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import type { ConfigMap, Container, PodSpec, Probe, Secret, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress, NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import { readConfiguration } from '../../apps/mes-api/src/config/configuration.js';
import { Environment } from '../../apps/mes-api/src/config/environment.js';
import { CLOSING_MS as TRACING_CLOSING_MS } from '../../apps/mes-api/src/observability/tracing/open-telemetry-tracing.js';
import { CLOSING_MS } from '../../apps/mes-api/src/shutdown/shut-down.js';
import { eventually } from '../support/eventually.js';
import { problemsOf, readObjects, type KubernetesObject } from '../support/kubernetes.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase } from '../support/test-database.js';

const FOLDER = 'docker/kubernetes';
const NOT_APPLIED = ['kustomization.yaml', 'secrets.example.yaml'];
/** PostgreSQL's default, without the connections that it keeps for superusers. */
const MAX_CONNECTIONS = 97;
const REPLACED = {
  AUTH_ISSUER: 'https://login.example.com/realms/mes',
  AUTH_JWKS_URL: 'https://login.example.com/keys',
  AUTH_AUDIENCE: 'mes-orders',
  DATABASE_URL: 'postgres://mes_api:secret@postgres:5432/mes',
  REDIS_URL: 'redis://redis:6379',
  METRICS_TOKEN: 'a-token-of-prometheus',
};

/** The kinds of objects that the tests look into. */
interface Kinds {
  readonly ConfigMap: ConfigMap;
  readonly Secret: Secret;
  readonly Deployment: Deployment;
  readonly Job: Job;
  readonly Service: Service;
  readonly Ingress: Ingress;
  readonly HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  readonly PodDisruptionBudget: PodDisruptionBudget;
  readonly NetworkPolicy: NetworkPolicy;
}

/** A pod with its only container. */
interface Pod {
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
  readonly container: Container;
}

describe('the manifests for Kubernetes', () => {
  let objects: KubernetesObject[];
  let kustomization: { readonly resources: readonly string[]; readonly images: readonly { readonly name: string }[] };

  beforeAll(async () => {
    kustomization = load(await readFile(`${FOLDER}/kustomization.yaml`, 'utf8')) as typeof kustomization;
    const files = [...kustomization.resources, 'secrets.example.yaml'].map((name) => `${FOLDER}/${name}`);
    objects = (await Promise.all(files.map(readObjects))).flat();
  });

  function find<K extends keyof Kinds>(kind: K, name = 'mes-orders-api'): Kinds[K] {
    const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (!found) throw new Error(`there is no ${kind} ${name}`);
    return found as Kinds[K];
  }

  const api = (): Pod => podOf(find('Deployment'));
  const migration = (): Pod => podOf(find('Job', 'mes-orders-migration'));

  function configuration(changes: Readonly<Record<string, string>>): ReturnType<typeof readConfiguration> {
    return readConfiguration({ ...find('ConfigMap').data, ...find('Secret').stringData, ...changes });
  }

  it('follow the schemas of Kubernetes', () => {
    expect(problemsOf(objects)).toEqual([]);
  });

  it.each<[string, RegExp, (text: string) => string]>([
    ['an unknown field', /readynessProbe/, (text) => text.replace('"readinessProbe"', '"readynessProbe"')],
    [
      'a wrong type',
      /'string' is not assignable/,
      (text) => text.replace('"containerPort":3000', '"containerPort":"3000"'),
    ],
    [
      'a missing field',
      /'whenUnsatisfiable' is missing/,
      (text) => text.replace('"whenUnsatisfiable":"ScheduleAnyway",', ''),
    ],
    ['an unknown version', /'kubernetes-types.apps.v3/, (text) => text.replace('apps/v1', 'apps/v3')],
    [
      'an unknown kind',
      /no exported member named 'Deploiment'/,
      (text) => text.replace('"Deployment"', '"Deploiment"'),
    ],
  ])('would not be accepted with %s', (_, problem, change) => {
    const text = JSON.stringify(find('Deployment'));
    expect(change(text)).not.toBe(text);
    expect(problemsOf([JSON.parse(change(text)) as KubernetesObject])).toEqual([expect.stringMatching(problem)]);
  });

  it('are all applied, except the example of the secrets', async () => {
    expect([...kustomization.resources, ...NOT_APPLIED].sort()).toEqual((await readdir(FOLDER)).sort());
    expect(objects.filter(({ kind }) => kind === 'Secret')).toHaveLength(2);
  });

  it('set variables that the API knows, with valid values', () => {
    const names = Object.keys({ ...find('ConfigMap').data, ...find('Secret').stringData });
    const known = [...Object.keys(new Environment()), 'NODE_EXTRA_CA_CERTS'];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    const { warnings, production, port, host } = configuration(REPLACED);
    expect({ warnings, production, port, host }).toEqual({
      warnings: [],
      production: true,
      port: 3000,
      host: '0.0.0.0',
    });
  });

  it.each(Object.keys(REPLACED))('do not start until %s is replaced', (name) => {
    const others = Object.fromEntries(Object.entries(REPLACED).filter(([other]) => other !== name));
    expect(() => configuration(others)).toThrow(`\n  ${name}: `);
  });

  it('do not migrate until the database is named', () => {
    const { DATABASE_URL } = find('Secret', 'mes-orders-migration').stringData ?? {};
    expect(() => readConfiguration({ DATABASE_URL })).toThrow('\n  DATABASE_URL: ');
  });

  it('refer to settings and secrets that exist', () => {
    for (const { container } of [api(), migration()]) {
      for (const { configMapRef, secretRef } of container.envFrom ?? []) {
        if (configMapRef) find('ConfigMap', configMapRef.name);
        if (secretRef) find('Secret', secretRef.name);
      }
      for (const { valueFrom: { configMapKeyRef, secretKeyRef } = {} } of container.env ?? []) {
        if (configMapKeyRef) expect(find('ConfigMap', configMapKeyRef.name).data).toHaveProperty(configMapKeyRef.key);
        if (secretKeyRef) expect(find('Secret', secretKeyRef.name).stringData).toHaveProperty(secretKeyRef.key);
      }
    }
  });

  it('name the certificates of other authorities to the migration as well', () => {
    const { data = {} } = find('ConfigMap', 'mes-orders-api');
    const name = 'NODE_EXTRA_CA_CERTS';
    expect(data).toHaveProperty(name);
    expect(migration().container.env).toContainEqual({
      name,
      valueFrom: { configMapKeyRef: { name: 'mes-orders-api', key: name, optional: true } },
    });
  });

  it('mount the certificates of other authorities, if there are any', () => {
    for (const { spec, container } of [api(), migration()]) {
      const { name } = spec.volumes?.find(({ configMap }) => configMap?.optional === true) ?? {};
      expect(container.volumeMounts).toContainEqual({ name, mountPath: '/etc/ssl/mes', readOnly: true });
    }
  });

  it('never give the API the password of the owner of the tables', () => {
    expect(JSON.stringify(find('Deployment'))).not.toContain('mes-orders-migration');
  });

  it('lead from the ingress to the port of the API, and to no other pod', () => {
    const { rules = [] } = find('Ingress').spec ?? {};
    const paths = rules.flatMap(({ http }) => http?.paths ?? []);
    expect(paths.map(({ path }) => path)).toEqual([configuration(REPLACED).basePath || '/']);
    const backends = paths.map(({ backend }) => backend.service);
    expect(backends).toHaveLength(1);
    const service = find('Service', backends[0]?.name);
    const port = service.spec?.ports?.find(({ name }) => name === backends[0]?.port?.name);
    const containerPort = api().container.ports?.find(({ name }) => name === port?.targetPort);
    expect(containerPort?.containerPort).toBe(configuration(REPLACED).port);
    expect(selects(service.spec?.selector, api())).toBe(true);
    expect(selects(service.spec?.selector, migration())).toBe(false);
  });

  it('select the pods of the API', () => {
    const { spec } = find('Deployment');
    expect(selects(spec?.selector.matchLabels, api())).toBe(true);
    expect(selects(spec?.selector.matchLabels, migration())).toBe(false);
    const budget = find('PodDisruptionBudget').spec?.selector;
    const spread = api().spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector);
    expect([budget, ...(spread ?? [])]).toEqual([spec?.selector, spec?.selector]);
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: find('Deployment').metadata?.name };
    expect(find('HorizontalPodAutoscaler').spec?.scaleTargetRef).toEqual(target);
    // The autoscaler sets it.
    expect(spec?.replicas).toBeUndefined();
  });

  it('let the pods be called at the port of the API only, and call what the API needs', () => {
    const { spec } = find('NetworkPolicy', 'mes-orders');
    for (const pod of [api(), migration()]) expect(selects(spec?.podSelector.matchLabels, pod)).toBe(true);
    const portNames = api().container.ports?.map(({ name }) => name);
    const called = spec?.ingress?.flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    expect(called).toEqual(portNames);
    const calls = spec?.egress?.flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    const { DATABASE_URL, REDIS_URL, AUTH_JWKS_URL } = REPLACED;
    const needed = [DATABASE_URL, REDIS_URL, AUTH_JWKS_URL].map((url) => Number(new URL(url).port || 443));
    expect(calls).toEqual(expect.arrayContaining([53, ...needed]));
  });

  it('have probes that wait for a start, and for a process that hangs', () => {
    const { startupProbe, livenessProbe, readinessProbe } = api().container;
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) expect(probe?.httpGet?.port).toBe('http');
    expect(patience(startupProbe)).toBeGreaterThan(configuration(REPLACED).database.startTimeout);
    expect(patience(livenessProbe)).toBeGreaterThanOrEqual(60_000);
    expect(patience(readinessProbe)).toBeLessThan(patience(livenessProbe));
  });

  it('keep all pods while the database is away, because they still answer hits', async () => {
    const [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    const instance = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    try {
      const token = await instance.token('operator');
      const list = (): Promise<ApiAnswer<unknown>> => instance.call('/api/v1/orders?sort=dueAt', { token });
      await eventually(async () => (await list()).headers.get('cache-status') === 'mes-near; hit');
      await database.drop();
      await eventually(async () => (await instance.call('/health/ready')).status === 503);
      expect((await list()).headers.get('cache-status')).toBe('mes-near; hit');
      expect((await instance.call('/api/v1/orders?sort=createdAt', { token })).status).toBe(503);
      const { startupProbe, livenessProbe, readinessProbe } = api().container;
      for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
        const path = probe?.httpGet?.path ?? '';
        expect([path, (await instance.call(path)).status]).toEqual([path, 200]);
      }
    } finally {
      await instance.stop();
      await Promise.all([redis.stop(), database.drop()]);
    }
  });

  it('give a pod the time that it may take to stop', () => {
    const { spec, container } = api();
    const [program, seconds] = container.lifecycle?.preStop?.exec?.command ?? [];
    expect(program).toBe('sleep');
    const { delay, grace } = configuration(REPLACED).shutdown;
    const longest = Number(seconds) * 1_000 + delay + grace + CLOSING_MS + TRACING_CLOSING_MS;
    expect((spec.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThan(longest);
  });

  it('open no more connections than PostgreSQL has, also while a new version takes over', () => {
    const { maxReplicas = 0 } = find('HorizontalPodAutoscaler').spec ?? {};
    const { maxSurge } = find('Deployment').spec?.strategy?.rollingUpdate ?? {};
    // Those for requests, and the one that listens.
    const each = configuration(REPLACED).database.poolSize + 1;
    expect((maxReplicas + Number(maxSurge)) * each).toBeLessThanOrEqual(MAX_CONNECTIONS);
  });

  it('give the containers no right, as in the image and in the compose file', async () => {
    expect(await readFile('docker/Dockerfile', 'utf8')).toContain('\nUSER node\n');
    for (const { spec, container } of [api(), migration()]) {
      expect(spec.automountServiceAccountToken).toBe(false);
      // The user node of the image has this number.
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      expect(container.securityContext).toEqual({
        ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      });
      expect(container.resources?.limits).toHaveProperty('memory');
      expect(kustomization.images.map(({ name }) => name)).toEqual([container.image]);
    }
  });

  it('migrate by a command that exists', async () => {
    const [program, file = '', option] = migration().container.command ?? [];
    expect([program, option]).toEqual(['node', '--grant-to']);
    await access(file.replace('dist/', '').replace(/js$/, 'ts'));
  });
});

function podOf({ spec }: Deployment | Job): Pod {
  const { metadata: { labels = {} } = {}, spec: pod } = spec?.template ?? {};
  const [container, ...others] = pod?.containers ?? [];
  if (!pod || !container || others.length > 0) throw new Error('a pod must have one container');
  return { labels, spec: pod, container };
}

function selects(selector: Readonly<Record<string, string>> | undefined, { labels }: Pod): boolean {
  const entries = Object.entries(selector ?? {});
  return entries.length > 0 && entries.every(([name, value]) => labels[name] === value);
}

/** How long a probe may fail before it has an effect, in milliseconds. */
function patience({ periodSeconds = 10, failureThreshold = 3 }: Probe = {}): number {
  return periodSeconds * failureThreshold * 1_000;
}
