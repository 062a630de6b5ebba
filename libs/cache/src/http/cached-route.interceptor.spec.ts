import { BadRequestException, Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyRequest } from 'fastify';
import { CacheModule } from '../cache.module.js';
import { VersionStore } from '../versions/version-store.js';
import { CachedRoute } from './cached-route.decorator.js';

interface Thing {
  readonly name: string;
  readonly version: number;
}

@Controller('things')
class ThingsController {
  calls = 0;

  @Get(':name')
  @CachedRoute((request: FastifyRequest) => {
    const { name } = request.params as { name: string };
    if (name === 'bad') throw new BadRequestException('no such name');
    return { key: `thing:${name.toLowerCase()}`, tags: ['things'] };
  })
  find(@Param('name') name: string): Thing {
    this.calls += 1;
    if (name === 'missing') throw new NotFoundException();
    return { name: name.toLowerCase(), version: this.calls };
  }

  @Get('tagged/by-version')
  @CachedRoute(() => ({ key: 'tagged', tags: ['things'], version: ({ version }: Thing) => `v${version}` }))
  tagged(): Thing {
    return { name: 'tagged', version: 7 };
  }
}

describe('@CachedRoute()', () => {
  let application: NestFastifyApplication;
  let controller: ThingsController;

  beforeEach(async () => {
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ cacheName: 'mes' })],
      controllers: [ThingsController],
    }).compile();
    application = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    await application.init();
    await application.getHttpAdapter().getInstance().ready();
    controller = application.get(ThingsController);
  });

  afterEach(() => application.close());

  function get(url: string, headers: Record<string, string> = {}): ReturnType<NestFastifyApplication['inject']> {
    return application.inject({ url, headers });
  }

  it('calls the handler on a miss only, and sends the same body on a hit', async () => {
    const miss = await get('/things/ring');
    const hit = await get('/things/ring');
    expect(miss.headers['cache-status']).toBe('mes; fwd=miss; stored');
    expect(hit.headers['cache-status']).toBe('mes-near; hit');
    expect(hit.body).toBe(miss.body);
    expect(hit.json()).toEqual({ name: 'ring', version: 1 });
    expect(hit.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(hit.headers['cache-control']).toBe('private, no-cache');
    expect(controller.calls).toBe(1);
  });

  it('uses the described key, not the URL', async () => {
    await get('/things/ring');
    expect((await get('/things/RING')).headers['cache-status']).toBe('mes-near; hit');
  });

  it('calls the handler again after one of the tags was invalidated', async () => {
    await get('/things/ring');
    await application.get(VersionStore).invalidate(['things']);
    expect((await get('/things/ring')).json()).toEqual({ name: 'ring', version: 2 });
  });

  it('sends status 304 without a body if the client has the response already', async () => {
    const { etag } = (await get('/things/ring')).headers;
    const again = await get('/things/ring', { 'if-none-match': String(etag) });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe('');
    expect(again.headers.etag).toBe(etag);
    expect((await get('/things/ring', { 'if-none-match': '"other"' })).statusCode).toBe(200);
  });

  it('begins the entity tag with the version that the description gives', async () => {
    expect((await get('/things/tagged/by-version')).headers.etag).toMatch(/^"v7-[\w-]{27}"$/);
  });

  it('neither stores nor hides errors', async () => {
    for (const calls of [1, 2]) {
      const response = await get('/things/missing');
      expect(response.statusCode).toBe(404);
      expect(response.headers['cache-status']).toBeUndefined();
      expect(controller.calls).toBe(calls);
    }
    expect((await get('/things/bad')).statusCode).toBe(400);
  });
});
