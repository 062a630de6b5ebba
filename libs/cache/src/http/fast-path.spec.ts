import { brotliDecompressSync } from 'node:zlib';
import {
  BadRequestException,
  Controller,
  Get,
  Global,
  Injectable,
  Module,
  NotFoundException,
  Param,
  UseGuards,
  type CanActivate,
} from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { recordEvents } from '../../../../test/support/recorded-events.js';
import type { FastifyRequest } from 'fastify';
import { CacheEvents } from '../cache.events.js';
import { CacheModule } from '../cache.module.js';
import { CachedRoute } from './cached-route.decorator.js';
import { VersionStore } from '../versions/version-store.js';
import type { RouteHandler } from './cached-route.js';
import { FastPathAdmission } from './fast-path.js';

const WORDS = 'gold ring '.repeat(300);

/** Counts those that it was asked about, and lets everybody pass but `nobody`. */
@Injectable()
class CountingGuard implements CanActivate {
  static asked = 0;

  canActivate(context: { switchToHttp: () => { getRequest: () => FastifyRequest } }): boolean {
    CountingGuard.asked += 1;
    return context.switchToHttp().getRequest().headers.authorization !== 'nobody';
  }
}

/** Admits known callers. */
class KnownCallers extends FastPathAdmission {
  static routes: string[] = [];

  override testFor(route: RouteHandler): (request: FastifyRequest) => boolean {
    KnownCallers.routes.push(`${route.getClass().name}.${route.getHandler().name}`);
    return ({ headers }) => headers.authorization === 'known';
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
  @CachedRoute(({ params: { name } }: { readonly params: { readonly name: string } }) => {
    if (name === 'bad') throw new BadRequestException('no such name');
    return { key: `thing:${name}`, tags: [`thing:${name}`] };
  })
  find(@Param('name') name: string): { name: string; call: number } {
    this.calls += 1;
    if (name === 'missing') throw new NotFoundException();
    return { name, call: this.calls };
  }

  @Get('plain/answer')
  plain(): string {
    return 'plain';
  }
}

@Global()
@Module({ providers: [{ provide: FastPathAdmission, useClass: KnownCallers }], exports: [FastPathAdmission] })
class AdmissionModule {}

describe('the fast path', () => {
  let application: NestFastifyApplication;
  let events: ReturnType<typeof recordEvents>;

  beforeEach(async () => {
    CountingGuard.asked = 0;
    KnownCallers.routes = [];
    const module = await Test.createTestingModule({
      imports: [
        AdmissionModule,
        CacheModule.forRootAsync({
          useFactory: () => ({ cacheName: 'mes', commonHeaders: { 'x-common': 'yes' } }),
        }),
      ],
      controllers: [ThingsController],
    }).compile();
    application = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    application
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', (request, reply, done) => {
        if (request.headers.origin !== undefined) reply.header('vary', 'Origin');
        done();
      });
    await application.init();
    await application.getHttpAdapter().getInstance().ready();
    events = recordEvents(application.get(CacheEvents));
  });

  afterEach(() => application.close());

  function get(
    url: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'HEAD' = 'GET',
  ): ReturnType<NestFastifyApplication['inject']> {
    return application.inject({ url, method, headers: { authorization: 'known', ...headers } });
  }

  it('answers hits in this process without asking guards, interceptors and handlers', async () => {
    const miss = await get('/things/ring');
    expect(CountingGuard.asked).toBe(1);
    const hit = await get('/things/ring');
    expect(CountingGuard.asked).toBe(1);
    expect(hit.statusCode).toBe(200);
    expect(hit.headers['cache-status']).toBe('mes-near; hit');
    expect(hit.json()).toEqual({ name: 'ring', call: 1 });
    const { 'cache-status': outcome, 'x-common': common, date, ...headers } = hit.headers;
    expect([outcome, common, typeof date]).toEqual(['mes-near; hit', 'yes', 'string']);
    expect(miss.headers).toMatchObject({ ...headers, 'cache-status': 'mes; fwd=miss; stored' });
    expect(application.get(ThingsController).calls).toBe(1);
  });

  it('does not answer with an invalid response', async () => {
    await get('/things/ring');
    await application.get(VersionStore).invalidate(['thing:ring']);
    const anew = await get('/things/ring');
    expect(anew.json()).toEqual({ name: 'ring', call: 2 });
    expect(anew.headers['cache-status']).toBe('mes; fwd=miss; stored');
    expect(CountingGuard.asked).toBe(2);
  });

  it('answers admitted requests only; the guards decide about the others', async () => {
    await get('/things/ring');
    expect((await get('/things/ring', { authorization: 'nobody' })).statusCode).toBe(403);
    const unknown = await get('/things/ring', { authorization: 'unknown' });
    expect(unknown.headers['cache-status']).toBe('mes-near; hit');
    expect(CountingGuard.asked).toBe(3);
  });

  it('asks the admission by route, and not where nothing is cached', async () => {
    expect(new Set(KnownCallers.routes)).toEqual(new Set(['ThingsController.words', 'ThingsController.find']));
    await get('/things/plain/answer');
    await get('/things/plain/answer');
    expect(CountingGuard.asked).toBe(2);
  });

  it('takes one snapshot per request, hit or miss', async () => {
    await get('/things/ring');
    expect(events({ type: 'snapshot' })).toBe(1);
    await get('/things/ring');
    expect(events({ type: 'snapshot' })).toBe(2);
    expect(events({ type: 'miss' })).toBe(1);
    expect(events({ type: 'hit', level: 'l1' })).toBe(1);
  });

  it('leaves it to the pipeline to say what is wrong with a request', async () => {
    expect((await get('/things/bad')).statusCode).toBe(400);
    for (const calls of [1, 2]) {
      expect((await get('/things/missing')).statusCode).toBe(404);
      expect(application.get(ThingsController).calls).toBe(calls);
    }
  });

  it('answers 304 without a body to a client that has the response already', async () => {
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
    expect(CountingGuard.asked).toBe(1);
  });

  it('come in the form that the client likes best, each with an entity tag of its own', async () => {
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

  it('to HEAD are those to GET without the body', async () => {
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

  it('to HEAD say 304 without a length, before the guards and behind them', async () => {
    const { etag } = (await get('/things/words')).headers;
    for (const authorization of ['known', 'unknown']) {
      const known = await get('/things/words', { authorization, 'if-none-match': String(etag) }, 'HEAD');
      expect(known.statusCode).toBe(304);
      expect(known.headers.etag).toBe(etag);
      expect(known.headers['content-length']).toBeUndefined();
    }
  });

  it('carry what hooks before have set', async () => {
    await get('/things/words');
    const answer = await get('/things/words', { origin: 'https://floor.example' });
    expect(answer.headers['cache-status']).toBe('mes-near; hit');
    expect([answer.headers.vary].flat().join(', ').split(', ').sort()).toEqual(['Origin', 'accept-encoding']);
    const miss = await get('/things/ring', { origin: 'https://floor.example', 'accept-encoding': 'br' });
    expect(miss.headers.vary).toBe('Origin');
  });
});
