import { isDeepStrictEqual } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request } from 'undici';
import type { Plan } from '../arguments.js';
import { applyLoad, type LoadFigures, type LoadTarget } from '../measure/load.js';
import { rotated } from '../measure/spread.js';
import { allStatements } from '../measure/statement-counter.js';
import { note } from '../note.js';
import type { ServerName } from '../servers/programs.js';
import type { ServerProcess } from '../servers/server-process.js';
import type { Stage } from '../servers/stage.js';
import { versionsOf } from '../servers/package-versions.js';

/** The page that operators poll. */
export const PAGE_PATH = '/api/v1/orders?status=NEW';

export interface PageContender {
  readonly name: string;
  readonly server: ServerName;
  /** What sort of contender it is: the measure, this API, a peer's cache, or no cache at all. */
  readonly kind: 'bare' | 'ours' | 'peer' | 'uncached';
  readonly answer?: 'not-modified' | 'br' | 'gzip';
}

export interface PageResult {
  readonly bytes: number;
  /** What the contenders are made of, by the names of the packages. */
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
  { name: 'this API, Redis, 304', server: 'api-redis', kind: 'ours', answer: 'not-modified' },
  { name: 'this API, Redis, Brotli', server: 'api-redis', kind: 'ours', answer: 'br' },
  { name: 'this API, Redis, gzip', server: 'api-redis', kind: 'ours', answer: 'gzip' },
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

/** How many hits a second, at what latency and for how much processor time. */
export async function measurePage(stage: Stage, { rounds, seconds, warmUp }: Plan): Promise<PageResult> {
  const token = await stage.token('operator');
  const page = await fetchPage(await stage.server('api-uncached'), token);
  await stage.publishPage(page);

  note('page: starting the contenders');
  await Promise.all(PAGE_CONTENDERS.map(({ server }) => stage.server(server)));
  const targets: { contender: PageContender; server: ServerProcess; target: LoadTarget; rounds: LoadFigures[] }[] = [];
  for (const contender of PAGE_CONTENDERS) {
    note(`page: checking ${contender.name}`);
    const server = await stage.server(contender.server);
    const target = await targetOf(contender, server, token);
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

/** The bytes of the page as this API gives them. */
async function fetchPage({ url }: ServerProcess, token: string): Promise<Buffer> {
  const { statusCode, body } = await request(`${url}${PAGE_PATH}`, { headers: { authorization: `Bearer ${token}` } });
  const page = Buffer.from(await body.arrayBuffer());
  if (statusCode !== 200) throw new Error(`the page was answered with ${statusCode}: ${page.toString()}`);
  return page;
}

async function targetOf(
  { kind, answer }: PageContender,
  { url, pid }: ServerProcess,
  token: string,
): Promise<LoadTarget> {
  const address = `${url}${PAGE_PATH}`;
  // The others ask for no token.
  const headers: Readonly<Record<string, string>> =
    kind === 'bare' || kind === 'peer' ? {} : { authorization: `Bearer ${token}` };
  if (answer === undefined) return { url: address, pid, headers, status: 200 };
  if (answer !== 'not-modified') {
    return { url: address, pid, headers: { ...headers, 'accept-encoding': answer }, status: 200 };
  }
  const { headers: answered, body } = await request(address, { headers });
  await body.dump();
  return { url: address, pid, headers: { ...headers, 'if-none-match': String(answered.etag) }, status: 304 };
}

/** @throws Error unless the contender answers with the page, and, if it has a cache, without asking the database */
async function verify(
  { name, kind, answer }: PageContender,
  { url, headers, status }: LoadTarget,
  page: Buffer,
  stage: Stage,
): Promise<void> {
  const statements = await stage.statements();
  for (let probe = 0; probe < PROBES; probe += 1) {
    const { statusCode, headers: answered, body } = await request(url, { headers });
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode !== status) throw new Error(`${name} answered with ${statusCode}: ${bytes.toString()}`);
    const encoding = answered['content-encoding'];
    const expected = answer === 'br' || answer === 'gzip' ? answer : undefined;
    if (encoding !== expected) throw new Error(`${name} answered in the encoding ${String(encoding)}`);
    if (status === 200 && !isSame(decoded(bytes, expected), page))
      throw new Error(`${name} answered with another page`);
    // The first answers filled the cache.
    if (probe === 2) await statements.reset();
  }
  const count = allStatements(await statements.counts());
  if (kind !== 'uncached' && count > 0) throw new Error(`${name} asked the database ${count} times for hits`);
  if (kind === 'uncached' && count < PROBES / 2) throw new Error(`${name} asked the database only ${count} times`);
}

/** The same JSON. The order of keys is not part of it, and async-cache-dedupe has one of its own. */
function isSame(answer: Buffer, page: Buffer): boolean {
  return answer.length === page.length && isDeepStrictEqual(JSON.parse(answer.toString()), JSON.parse(page.toString()));
}

function decoded(bytes: Buffer, encoding: 'br' | 'gzip' | undefined): Buffer {
  if (encoding === undefined) return bytes;
  return encoding === 'br' ? brotliDecompressSync(bytes) : gunzipSync(bytes);
}
