import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DevelopmentIssuer } from '../../apps/mes-api/src/auth/development-issuer.js';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const ROUNDS = 10;
const NEW_ORDERS = '/api/v1/orders?status=NEW';
const APPLICATION = 'apps/mes-api/src';
const PRESENTER = 'orders/dto/order.dto.ts';

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly engraving?: string;
}

interface Read<T> {
  readonly status: number;
  readonly etag: string;
  readonly cacheStatus: string;
  readonly body: T;
}

/** An instance of one build. */
class Build {
  constructor(
    private readonly url: string,
    private readonly tokens: { readonly operator: string; readonly partner: string },
  ) {}

  async read<T>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Read<T>> {
    const authorization = `Bearer ${this.tokens.operator}`;
    const answer = await fetch(`${this.url}${path}`, { headers: { ...headers, authorization } });
    const text = await answer.text();
    return {
      status: answer.status,
      etag: answer.headers.get('etag') ?? '',
      cacheStatus: answer.headers.get('cache-status') ?? '',
      body: (text === '' ? undefined : JSON.parse(text)) as T,
    };
  }

  create(): Promise<Shown> {
    return this.write('POST', '/api/v1/orders', this.tokens.partner, newOrder());
  }

  take({ id }: Shown): Promise<Shown> {
    const body = { status: 'MANUFACTURING_STARTED' };
    return this.write('PATCH', `/api/v1/orders/${id}/status`, this.tokens.operator, body);
  }

  private async write(method: string, path: string, token: string, body: unknown): Promise<Shown> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Shown;
  }
}

describe('an old and a new build with one Redis and one database', () => {
  let directory: string;
  let database: TestDatabase;
  let redis: RedisServer;
  const processes: ApiProcess[] = [];
  let oldBuild: Build;
  let newBuild: Build;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mes-builds-'));
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    // The new build shows an additional field.
    await cp(APPLICATION, join(directory, APPLICATION), { recursive: true });
    await symlink(resolve('node_modules'), join(directory, 'node_modules'));
    const presenter = join(directory, APPLICATION, PRESENTER);
    const code = await readFile(presenter, 'utf8');
    const more = code.replace('    id: order.id,', () => "    id: order.id,\n    engraving: 'none',");
    expect(more).not.toBe(code);
    await writeFile(
      presenter,
      more.replace('visibility: Visibility): OrderDto', () => 'visibility: Visibility)'),
    );

    const environment = {
      DATA_DIR: join(directory, 'data'),
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      ...PATIENT,
    };
    const start = async (program?: string): Promise<string> => {
      const api = new ApiProcess(environment, { program });
      processes.push(api);
      return api.ready();
    };
    const oldUrl = await start();
    const newUrl = await start(join(directory, APPLICATION, 'main.ts'));
    const issuer = await DevelopmentIssuer.open(environment.DATA_DIR);
    const tokens = {
      operator: await issuer.issue('operator-1', ['operator']),
      partner: await issuer.issue('partner-1', ['partner']),
    };
    oldBuild = new Build(oldUrl, tokens);
    newBuild = new Build(newUrl, tokens);
  });

  afterAll(async () => {
    await Promise.all(processes.map((api) => api.destroy()));
    await redis.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it(`respond in their own shapes, and show each other's writes at once, ${ROUNDS} times`, async () => {
    const builds = [
      { build: oldBuild, engraving: undefined },
      { build: newBuild, engraving: 'none' },
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      const writer = round % 2 === 0 ? oldBuild : newBuild;
      const order = await writer.create();
      const created = builds.map(async ({ build, engraving }) => {
        for (const read of [1, 2]) {
          const { body } = await build.read<Shown>(`/api/v1/orders/${order.id}`);
          expect({ read, ...body }).toMatchObject({ read, id: order.id, status: 'NEW' });
          expect(body.engraving).toBe(engraving);
          const listed = await build.read<{ items: Shown[] }>(NEW_ORDERS);
          expect(listed.body.items.map(({ id }) => id)).toContain(order.id);
          expect(new Set(listed.body.items.map((item) => item.engraving))).toEqual(new Set([engraving]));
        }
      });
      await Promise.all(created);

      await writer.take(order);
      for (const { build, engraving } of builds) {
        const { body } = await build.read<Shown>(`/api/v1/orders/${order.id}`);
        expect(body.status).toBe('MANUFACTURING_STARTED');
        expect(body.engraving).toBe(engraving);
        const listed = await build.read<{ items: Shown[] }>(`${NEW_ORDERS}&limit=200`);
        expect(listed.body.items.map(({ id }) => id)).not.toContain(order.id);
      }
    }
  });

  it('recognise only the entity tags of their own responses', async () => {
    const { id } = await oldBuild.create();
    for (const path of [`/api/v1/orders/${id}`, NEW_ORDERS]) {
      for (const [one, other] of [
        [oldBuild, newBuild],
        [newBuild, oldBuild],
      ] as const) {
        const { etag } = await one.read(path);
        expect((await one.read(path, { 'if-none-match': etag })).status).toBe(304);
        const answer = await other.read<Shown>(path, { 'if-none-match': etag });
        expect(answer.status).toBe(200);
        expect(answer.etag).not.toBe(etag);
      }
    }
  });

  it('share cached responses only with instances of the same build', async () => {
    const { id } = await oldBuild.create();
    const path = `/api/v1/orders/${id}`;
    expect((await oldBuild.read(path)).cacheStatus).toBe('mes-redis; hit');
    expect((await newBuild.read(path)).cacheStatus).toBe('mes; fwd=miss; stored');
    expect((await newBuild.read(path)).cacheStatus).toBe('mes-near; hit');
    expect((await oldBuild.read(path)).cacheStatus).toBe('mes-near; hit');
  });
});
