import { isDeepStrictEqual } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request } from 'undici';
import type { Plan } from '../arguments.js';
import { applyLoad, CONNECTIONS, type LoadFigures, type LoadTarget } from '../measure/load.js';
import { rotated } from '../measure/spread.js';
import { allStatements } from '../measure/statement-counter.js';
import { note } from '../note.js';
import type { ServerName } from '../servers/programs.js';
import type { ServerProcess } from '../servers/server-process.js';
import type { Authorization, Stage } from '../servers/stage.js';
import { versionsOf } from '../servers/package-versions.js';

/** The page that operators poll. */
export const PAGE_PATH = '/api/v1/orders?status=NEW';

export interface PageContender {
  readonly name: string;
  readonly server: ServerName;
  /** A bare server as the yardstick, this API, a peer's cache, or no cache at all. */
  readonly kind: 'bare' | 'ours' | 'peer' | 'uncached';
  /** Form of the response; by default the whole page, not compressed. */
  readonly form?: 'not-modified' | 'br' | 'gzip';
}

export interface PageResult {
  readonly bytes: number;
  /** Versions of the contenders' packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly contenders: readonly {
    readonly name: string;
    readonly kind: PageContender['kind'];
    /** One for each round. */
    readonly rounds: readonly LoadFigures[];
  }[];
}

export const BARE_FASTIFY = 'bare Fastify, constant bytes';
export const THIS_API = 'this API, Redis';
export const STOCK_ON_REDIS = "Nest's CacheInterceptor, Redis";
export const BENTOCACHE = 'bentocache, memory + Redis + bus';
export const ASYNC_CACHE_DEDUPE = 'async-cache-dedupe, Redis';

const PAGE_CONTENDERS: readonly PageContender[] = [
  { name: 'bare node:http, constant bytes', server: 'bare-http', kind: 'bare' },
  { name: BARE_FASTIFY, server: 'bare-fastify', kind: 'bare' },
  { name: THIS_API, server: 'api-redis', kind: 'ours' },
  { name: 'this API, Redis, 304', server: 'api-redis', kind: 'ours', form: 'not-modified' },
  { name: 'this API, Redis, Brotli', server: 'api-redis', kind: 'ours', form: 'br' },
  { name: 'this API, Redis, gzip', server: 'api-redis', kind: 'ours', form: 'gzip' },
  { name: STOCK_ON_REDIS, server: 'stock-redis', kind: 'peer' },
  { name: "Nest's CacheInterceptor, memory", server: 'stock-memory', kind: 'peer' },
  { name: BENTOCACHE, server: 'bentocache', kind: 'peer' },
  { name: ASYNC_CACHE_DEDUPE, server: 'async-cache-dedupe', kind: 'peer' },
  { name: 'no cache, keyset query', server: 'api-uncached', kind: 'uncached' },
  { name: 'no cache, OFFSET + COUNT(*)', server: 'offset-count', kind: 'uncached' },
];

const PACKAGES = [
  ...['fastify', '@nestjs/core', '@nestjs/cache-manager', 'cache-manager', '@keyv/redis'],
  ...['bentocache', 'async-cache-dedupe', 'ioredis', 'typeorm'],
];
const PROBES = 100;

/** Measures the throughput, the latency and the CPU time of hits. Each connection has a caller of its own. */
export async function measurePage(stage: Stage, { rounds, seconds, warmUp }: Plan): Promise<PageResult> {
  const operators = await stage.callers('operator', CONNECTIONS);
  const page = await fetchPage(await stage.server('api-uncached'), await stage.authorization('operator'));
  await stage.publishPage(page);

  note('page: starting the contenders');
  await Promise.all(PAGE_CONTENDERS.map(({ server }) => stage.server(server)));
  const targets: { contender: PageContender; server: ServerProcess; target: LoadTarget; rounds: LoadFigures[] }[] = [];
  for (const contender of PAGE_CONTENDERS) {
    note(`page: checking ${contender.name}`);
    const server = await stage.server(contender.server);
    const target = await targetOf(contender, server, operators);
    await verify(contender, target, page, stage);
    targets.push({ contender, server, target, rounds: [] });
  }
  for (const { target } of targets) await applyLoad(target, { warmUp: 0, seconds: warmUp });

  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, server, target, rounds: figures } of rotated(targets, round)) {
      const measured = await applyLoad(target, { warmUp, seconds });
      server.checkAlive();
      figures.push(measured);
      note(`page ${round + 1}/${rounds}: ${contender.name}: ${Math.round(measured.requestsPerSecond)}/s`);
    }
  }
  return {
    bytes: page.length,
    versions: await versionsOf(PACKAGES),
    contenders: targets.map(({ contender: { name, kind }, rounds: figures }) => ({ name, kind, rounds: figures })),
  };
}

/** The bytes of the page in the response of this API. */
async function fetchPage({ url }: ServerProcess, headers: Authorization): Promise<Buffer> {
  const { statusCode, body } = await request(`${url}${PAGE_PATH}`, { headers });
  const page = Buffer.from(await body.arrayBuffer());
  if (statusCode !== 200) throw new Error(`the page has the status ${statusCode}: ${page.toString()}`);
  return page;
}

async function targetOf(
  { kind, form }: PageContender,
  { url, pid }: ServerProcess,
  operators: readonly Authorization[],
): Promise<LoadTarget> {
  const address = `${url}${PAGE_PATH}`;
  // Only the API itself requires tokens.
  const callers: LoadTarget['headers'] = kind === 'bare' || kind === 'peer' ? [{}] : operators;
  const target = (status: number, more: Readonly<Record<string, string>> = {}): LoadTarget => ({
    url: address,
    pid,
    status,
    headers: callers.map((headers) => ({ ...headers, ...more })),
  });
  if (form === undefined) return target(200);
  if (form !== 'not-modified') return target(200, { 'accept-encoding': form });
  const { headers, body } = await request(address, { headers: callers[0] });
  await body.dump();
  return target(304, { 'if-none-match': String(headers.etag) });
}

/** @throws Error unless every response is the page, and hits of a contender with a cache cause no statements */
async function verify(
  { name, kind, form }: PageContender,
  { url, headers, status }: LoadTarget,
  page: Buffer,
  stage: Stage,
): Promise<void> {
  const statements = await stage.statements();
  for (let probe = 0; probe < PROBES; probe += 1) {
    const { statusCode, headers: received, body } = await request(url, { headers: headers[probe % headers.length] });
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode !== status) throw new Error(`${name}: the status is ${statusCode}: ${bytes.toString()}`);
    const encoding = received['content-encoding'];
    const expected = form === 'br' || form === 'gzip' ? form : undefined;
    if (encoding !== expected) throw new Error(`${name}: the content-encoding is ${String(encoding)}`);
    if (status === 200 && !isSame(decoded(bytes, expected), page)) throw new Error(`${name}: the page is another one`);
    // The first requests fill the cache.
    if (probe === 2) await statements.reset();
  }
  const count = allStatements(await statements.counts());
  if (kind !== 'uncached' && count > 0) throw new Error(`${name}: hits have caused ${count} statements`);
  if (kind === 'uncached' && count < PROBES / 2) throw new Error(`${name}: only ${count} statements were counted`);
}

/** Whether both are the same JSON. The order of keys may differ: async-cache-dedupe has its own. */
function isSame(body: Buffer, page: Buffer): boolean {
  return body.length === page.length && isDeepStrictEqual(JSON.parse(body.toString()), JSON.parse(page.toString()));
}

function decoded(bytes: Buffer, encoding: 'br' | 'gzip' | undefined): Buffer {
  if (encoding === undefined) return bytes;
  return encoding === 'br' ? brotliDecompressSync(bytes) : gunzipSync(bytes);
}
