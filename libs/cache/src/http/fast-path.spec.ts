import { brotliDecompressSync } from 'node:zlib';
import {
  BadRequestException,
  Controller,
  Get,
  Global,
  Header,
  HttpCode,
  Injectable,
  Module,
  NotFoundException,
  Param,
  Redirect,
  UseGuards,
  type CanActivate,
} from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyRequest } from 'fastify';
import { eventually } from '../../../../test/support/eventually.js';
import { CacheEvents, type CacheEvent } from '../cache.events.js';
import { CacheTracer, type CacheOperation, type TracedOperation } from '../cache.tracer.js';
import { CacheModule } from '../cache.module.js';
import { VersionStore } from '../versions/version-store.js';
import { CachedRoute } from './cached-route.decorator.js';
import type { RouteHandler } from './cached-route.js';
import { FastPathAdmission, FastPathObserver, type ObservedRoute } from './fast-path.js';

const WORDS = 'gold ring '.repeat(300);

/** Counts its calls, and refuses the caller `nobody` and what is secret. */
@Injectable()
class CountingGuard implements CanActivate {
  static calls = 0;

  canActivate(context: { switchToHttp: () => { getRequest: () => FastifyRequest } }): boolean {
    CountingGuard.calls += 1;
    const { headers, url } = context.switchToHttp().getRequest();
    return headers.authorization !== 'nobody' && !url.endsWith('/secret');
  }
}

/** Admits the caller `known`. */
class KnownCallers extends FastPathAdmission {
  static routes: string[] = [];

  override testFor(route: RouteHandler): (request: FastifyRequest) => boolean {
    KnownCallers.routes.push(`${route.getClass().name}.${route.getHandler().name}`);
    return ({ headers }) => headers.authorization === 'known';
  }
}

/** Notes the responses of the fast path. */
class NotingObserver extends FastPathObserver {
  static noted: string[] = [];

  override observerFor({ method, url }: ObservedRoute): (request: FastifyRequest, status: number) => void {
    return (request, status) => {
      if (request.headers['x-observer'] === 'broken') throw new Error('the observer is broken');
      NotingObserver.noted.push(`${method} ${url}: ${status} for ${request.id}`);
    };
  }
}

/** Notes the operations that have begun, and how they ended. */
class NotingTracer extends CacheTracer {
  static noted: string[] = [];

  override begin(name: CacheOperation): TracedOperation {
    NotingTracer.noted.push(`${name} begins`);
    return {
      within: (work) => work(),
      end: () => NotingTracer.noted.push(`${name} ends`),
      fail: () => NotingTracer.noted.push(`${name} fails`),
    };
  }

  override beginCommand(): undefined {
    return undefined;
  }
}

@Controller('things')
@UseGuards(CountingGuard)
class ThingsController {
  calls = 0;

  @Get('words')
  @CachedRoute(() => ({ key: 'words', tags: ['words'] }))
  words(): { words: string } {
    return { words: WORDS };
  }

  @Get(':name')
  @CachedRoute((request: FastifyRequest) => {
    const { name } = request.params as { name: string };
    if (name === 'bad') throw new BadRequestException('no such name');
    return { key: `thing:${name}`, tags: [`thing:${name}`] };
  })
  find(@Param('name') name: string): { name: string; call: number } {
    this.calls += 1;
    if (name === 'missing') throw new NotFoundException();
    return { name, call: this.calls };
  }

  @Get('tagged/as-asked')
  @CachedRoute(({ query }: { query: { tag: string } }) => ({ key: `tagged:${query.tag}`, tags: [query.tag] }))
  tagged(): string[] {
    return ['gold'];
  }

  @Get('plain/text')
  plain(): string {
    return 'plain';
  }
}

abstract class Shelf {
  @Get()
  @CachedRoute(() => ({ key: 'shelf', tags: ['shelf'] }))
  all(): string[] {
    return ['gold'];
  }

  @Get('counted')
  @HttpCode(203)
  @Header('x-shelf', 'yes')
  @CachedRoute(() => ({ key: 'counted', tags: ['shelf'] }))
  counted(): string[] {
    return ['gold'];
  }
}

@Controller('moved-shelf')
@UseGuards(CountingGuard)
class MovedShelf {
  @Get()
  @Redirect('/open-shelf')
  @CachedRoute(() => ({ key: 'moved', tags: ['shelf'] }))
  moved(): Record<string, never> {
    return {};
  }
}

@Controller('open-shelf')
@UseGuards(CountingGuard)
class OpenShelf extends Shelf {}

abstract class Drawer {
  @Get()
  @CachedRoute(() => ({ key: 'drawer', tags: ['drawer'] }))
  all(): string[] {
    return ['gold'];
  }
}

@Controller('upper-drawer')
@UseGuards(CountingGuard)
class UpperDrawer extends Drawer {}

@Controller('lower-drawer')
@UseGuards(CountingGuard)
class LowerDrawer extends Drawer {}

/** Answers requests to one host only. */
@Controller({ path: 'vault', host: 'vault.example' })
@UseGuards(CountingGuard)
class Vault {
  @Get()
  @CachedRoute(() => ({ key: 'vault', tags: ['vault'] }))
  all(): string[] {
    return ['gold'];
  }
}

@Global()
@Module({
  providers: [
    { provide: FastPathAdmission, useClass: KnownCallers },
    { provide: FastPathObserver, useClass: NotingObserver },
    { provide: CacheTracer, useClass: NotingTracer },
  ],
  exports: [FastPathAdmission, FastPathObserver, CacheTracer],
})
class AdmissionModule {}

describe('the fast path', () => {
  let application: NestFastifyApplication;
  let events: CacheEvent[];
  /** What hooks of Fastify are told of responses. */
  let responded: string[];

  beforeEach(() => start({ 'x-common': 'yes' }));

  async function start(commonHeaders: Readonly<Record<string, string>>): Promise<void> {
    CountingGuard.calls = 0;
    KnownCallers.routes = [];
    NotingObserver.noted = [];
    NotingTracer.noted = [];
    responded = [];
    const module = await Test.createTestingModule({
      imports: [AdmissionModule, CacheModule.forRoot({ cacheName: 'mes', commonHeaders, requestIdHeader: 'x-id' })],
      controllers: [ThingsController, OpenShelf, MovedShelf, UpperDrawer, LowerDrawer, Vault],
    }).compile();
    application = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    application
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request, reply, done) => {
        if (request.headers.origin !== undefined) reply.header('vary', 'Origin');
        done();
      })
      .addHook('onResponse', (request, reply, done) => {
        responded.push(`${request.url}: ${reply.statusCode}`);
        done();
      });
    await application.init();
    await application.getHttpAdapter().getInstance().ready();
    events = [];
    application.get(CacheEvents).subscribe((event) => events.push(event));
  }

  afterEach(() => application.close());

  function get(
    url: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'HEAD' = 'GET',
  ): ReturnType<NestFastifyApplication['inject']> {
    return application.inject({ url, method, headers: { authorization: 'known', ...headers } });
  }

  it('does not ask the version store for a tag that is no text, which others would share', async () => {
    const [bad, good] = await Promise.all([get('/things/tagged/as-asked?tag=a&tag=b'), get('/things/words')]);
    expect([bad.statusCode, good.statusCode]).toEqual([500, 200]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'snapshot', reads: 1 }));
    expect(events).not.toContainEqual(expect.objectContaining({ type: 'snapshot', reads: 2 }));
  });

  it('ends the read of a request that the guards refuse', async () => {
    expect((await get('/things/secret')).statusCode).toBe(403);
    await eventually(() => NotingTracer.noted.length === 2);
    expect(NotingTracer.noted).toEqual(['read begins', 'read ends']);
  });

  it('answers hits in L1 without guards, interceptors and handlers', async () => {
    const miss = await get('/things/ring');
    expect(CountingGuard.calls).toBe(1);
    const hit = await get('/things/ring');
    expect(CountingGuard.calls).toBe(1);
    expect(hit.statusCode).toBe(200);
    expect(hit.headers['cache-status']).toBe('mes-near; hit');
    expect(hit.json()).toEqual({ name: 'ring', call: 1 });
    const { 'cache-status': outcome, 'x-common': common, 'x-id': id, date, ...headers } = hit.headers;
    expect([outcome, common, typeof id, typeof date]).toEqual(['mes-near; hit', 'yes', 'string', 'string']);
    expect(miss.headers).toMatchObject({ ...headers, 'cache-status': 'mes; fwd=miss; stored' });
    expect(application.get(ThingsController).calls).toBe(1);
  });

  it('tells the observer of its own responses, and answers with the id of the request', async () => {
    const miss = await get('/things/ring');
    const hit = await get('/things/ring');
    const notModified = await get('/things/ring', { 'if-none-match': String(hit.headers.etag) });
    const head = await get('/things/ring', { origin: 'https://a.example' }, 'HEAD');
    await get('/things/ring', { authorization: 'unknown' });
    expect(NotingObserver.noted).toEqual([
      `GET /things/:name: 200 for ${String(hit.headers['x-id'])}`,
      `GET /things/:name: 304 for ${String(notModified.headers['x-id'])}`,
      `HEAD /things/:name: 200 for ${String(head.headers['x-id'])}`,
    ]);
    // The application sets it on the other responses.
    expect(miss.headers['x-id']).toBeUndefined();
  });

  it('lets hooks of Fastify observe its responses when they have been sent', async () => {
    await get('/things/ring');
    const hit = await get('/things/ring');
    await eventually(() => responded.length === 2);
    expect(responded.at(-1)).toBe(`/things/ring: ${hit.statusCode}`);
  });

  it('answers all the same if its observer fails', async () => {
    await get('/things/ring');
    const hit = await get('/things/ring', { 'x-observer': 'broken' });
    expect([hit.statusCode, hit.headers['cache-status']]).toEqual([200, 'mes-near; hit']);
    await new Promise((resolve) => setImmediate(resolve));
    expect((await get('/things/ring')).statusCode).toBe(200);
  });

  it('leaves invalidated responses to the handler', async () => {
    await get('/things/ring');
    await application.get(VersionStore).invalidate(['thing:ring']);
    const again = await get('/things/ring');
    expect(again.json()).toEqual({ name: 'ring', call: 2 });
    expect(again.headers['cache-status']).toBe('mes; fwd=miss; stored');
    expect(CountingGuard.calls).toBe(2);
  });

  it('answers admitted requests only, and leaves the others to the guards', async () => {
    await get('/things/ring');
    expect((await get('/things/ring', { authorization: 'nobody' })).statusCode).toBe(403);
    const unknown = await get('/things/ring', { authorization: 'unknown' });
    expect(unknown.headers['cache-status']).toBe('mes-near; hit');
    expect(CountingGuard.calls).toBe(3);
  });

  it('asks for a test per cached route, and leaves other routes alone', async () => {
    expect(new Set(KnownCallers.routes)).toEqual(
      new Set(['ThingsController.words', 'ThingsController.find', 'ThingsController.tagged', 'OpenShelf.all']),
    );
    await get('/things/plain/text');
    await get('/things/plain/text');
    expect(CountingGuard.calls).toBe(2);
  });

  /** The headers that the cache is responsible for. `Vary` may stand in one line or in several: RFC 9110, section 5.3. */
  function ofTheCache(headers: Record<string, unknown>): Record<string, unknown> {
    const others = ['date', 'connection', 'x-common', 'x-id'];
    const compared = Object.entries(headers).filter(([name]) => !others.includes(name));
    return { ...Object.fromEntries(compared), vary: [headers.vary as string | string[] | undefined].flat().join(', ') };
  }

  it('takes one snapshot per request, for a hit and for a miss', async () => {
    await get('/things/ring');
    await get('/things/ring');
    expect(events).toEqual([
      { type: 'snapshot', reads: 1, milliseconds: expect.any(Number) as number, failed: false },
      { type: 'load' },
      { type: 'store', written: false },
      { type: 'miss', collapsed: false },
      { type: 'snapshot', reads: 1, milliseconds: expect.any(Number) as number, failed: false },
      { type: 'hit', level: 'l1' },
    ]);
  });

  it.each<[string, Record<string, string>, boolean]>([
    ['a short response', {}, false],
    ['a compressed response', { 'accept-encoding': 'gzip, br' }, true],
    ['a long response', {}, true],
    ['a response to another origin', { origin: 'https://floor.example', 'accept-encoding': 'br' }, true],
  ])('sends the same status, headers and body as the interceptor: %s', async (_, headers, isLong) => {
    const url = isLong ? '/things/words' : '/things/ring';
    const { etag } = (await get(url, headers)).headers;
    const conditions: Record<string, string>[] = [{}, { 'if-none-match': String(etag) }];
    for (const condition of conditions) {
      const [fast, slow] = [
        await get(url, { ...headers, ...condition }),
        await get(url, { ...headers, ...condition, authorization: 'unknown' }),
      ];
      expect(fast.headers['x-common']).toBe('yes');
      expect(fast.statusCode).toBe(slow.statusCode);
      expect(fast.rawPayload).toEqual(slow.rawPayload);
      expect(ofTheCache(fast.headers)).toEqual(ofTheCache(slow.headers));
    }
    // The first request and the two requests of the unknown caller.
    expect(CountingGuard.calls).toBe(3);
  });

  it('leaves it to the pipeline to refuse a bad request', async () => {
    expect((await get('/things/bad')).statusCode).toBe(400);
    for (const calls of [1, 2]) {
      expect((await get('/things/missing')).statusCode).toBe(404);
      expect(application.get(ThingsController).calls).toBe(calls);
    }
  });

  it('sends status 304 without a body if the client has the response already', async () => {
    const { etag } = (await get('/things/ring')).headers;
    const again = await get('/things/ring', { 'if-none-match': `"other", ${String(etag)}` });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe('');
    expect(again.headers).toMatchObject({
      etag,
      'cache-status': 'mes-near; hit',
      'cache-control': 'private, no-cache',
    });
    expect(again.headers['content-type']).toBeUndefined();
    expect(again.headers['content-length']).toBeUndefined();
    expect(CountingGuard.calls).toBe(1);
  });

  it('leaves a route that several controllers inherit to their guards', async () => {
    for (const url of ['/upper-drawer', '/lower-drawer', '/upper-drawer']) await get(url);
    expect(CountingGuard.calls).toBe(3);
  });

  it('leaves a route that answers one host to Nest, which compares the host', async () => {
    for (let i = 0; i < 2; i += 1) expect((await get('/vault', { host: 'vault.example' })).statusCode).toBe(200);
    expect((await get('/vault', { host: 'street.example' })).statusCode).toBe(404);
  });

  it('leaves a route with a status or headers of its own to Nest', async () => {
    for (let i = 0; i < 2; i += 1) {
      const response = await get('/open-shelf/counted');
      expect([response.statusCode, response.headers['x-shelf']]).toEqual([203, 'yes']);
      const moved = await get('/moved-shelf');
      expect([moved.statusCode, moved.headers.location]).toEqual([302, '/open-shelf']);
    }
  });

  it('sends the form that the client prefers, each with an entity tag of its own', async () => {
    const plain = await get('/things/words');
    const compressed = await get('/things/words', { 'accept-encoding': 'gzip, br' });
    expect(compressed.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' });
    expect(compressed.headers['content-length']).toBe(String(compressed.rawPayload.length));
    expect(JSON.parse(brotliDecompressSync(compressed.rawPayload).toString())).toEqual({ words: WORDS });
    expect(plain.headers.vary).toBe('accept-encoding');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.headers.etag).not.toBe(compressed.headers.etag);

    const etag = String(compressed.headers.etag);
    expect((await get('/things/words', { 'accept-encoding': 'br', 'if-none-match': etag })).statusCode).toBe(304);
    expect((await get('/things/words', { 'if-none-match': etag })).statusCode).toBe(200);
  });

  it('answers HEAD like GET, without the body', async () => {
    const full = await get('/things/words');
    const head = await get('/things/words', {}, 'HEAD');
    expect(head.statusCode).toBe(200);
    expect(head.body).toBe('');
    expect(head.headers).toMatchObject({
      etag: full.headers.etag,
      'content-length': full.headers['content-length'],
      'cache-status': 'mes-near; hit',
    });
  });

  it('sends no length with status 304 to HEAD, and neither does the interceptor', async () => {
    const { etag } = (await get('/things/words')).headers;
    for (const authorization of ['known', 'unknown']) {
      const known = await get('/things/words', { authorization, 'if-none-match': String(etag) }, 'HEAD');
      expect(known.statusCode).toBe(304);
      expect(known.headers.etag).toBe(etag);
      expect(known.headers['content-length']).toBeUndefined();
    }
  });

  it('adds to what all responses of the application vary by', async () => {
    await application.close();
    await start({ vary: 'accept-language' });
    await get('/things/words');
    const hit = await get('/things/words');
    expect([hit.headers['cache-status'], hit.headers.vary]).toEqual([
      'mes-near; hit',
      'accept-language, accept-encoding',
    ]);
  });

  it('keeps headers that earlier hooks have set', async () => {
    await get('/things/words');
    const response = await get('/things/words', { origin: 'https://floor.example' });
    expect(response.headers['cache-status']).toBe('mes-near; hit');
    expect([response.headers.vary].flat().join(', ').split(', ').sort()).toEqual(['Origin', 'accept-encoding']);
    const miss = await get('/things/ring', { origin: 'https://floor.example', 'accept-encoding': 'br' });
    expect(miss.headers.vary).toBe('Origin');
  });
});
