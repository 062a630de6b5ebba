import { Inject, Injectable, Optional } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler, onSendHookHandler } from 'fastify';
import { ResponseCache } from '../read/response-cache.js';
import type { KeyAndTags } from '../read/key-and-tags.js';
import type { CachedResponse, Representation } from '../entries/cached-response.js';
import type { CacheOutcome } from '../read/cache-outcome.js';
import type { SnapshotOrUnavailable } from '../versions/snapshot-batch.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import type { CachedRouteConfig } from './cached-route.metadata.js';
import { answerHeaders, bodyHeaders } from './response-headers.js';
import { preferredRepresentation } from './content-negotiation.js';
import { noneMatchHits } from './entity-tag.js';
import { FastPathAdmission } from './fast-path-admission.js';

const NEAR_HIT: CacheOutcome = { kind: 'hit', store: 'near' };

type Headers = Readonly<Record<string, string>>;

/** Headers by name, and as names and values by turns, which is what Node's `writeHead` takes with the least work. */
interface Head {
  readonly headers: Headers;
  readonly flat: string[];
}

/** What goes before a representation, and what is said instead of it to who has it already. */
interface Heads {
  readonly full: Head;
  readonly notModified: Head;
}

/**
 * Answers what is near and in force in a hook of Fastify, before Nest's guards, interceptors, pipes and handlers, which
 * cost many times what such an answer costs. Whatever cannot be answered so at once goes on as if nothing had happened,
 * and takes along what was observed for it.
 */
@Injectable()
export class FastPath {
  private readonly observations = new WeakMap<FastifyRequest, SnapshotOrUnavailable>();
  private readonly heads = new WeakMap<Representation, Heads>();

  constructor(
    private readonly answers: ResponseCache,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    @Optional() private readonly admission?: FastPathAdmission,
  ) {}

  /** To be called before the routes are declared. */
  install(server: FastifyInstance): void {
    const { admission } = this;
    server.addHook('onRoute', (route) => {
      const cached = route.config?.cacheAside;
      if (!cached) return;
      if (admission) route.onRequest = [route.onRequest ?? [], this.hookFor(cached, admission)].flat();
      if (route.method === 'HEAD') route.onSend = [route.onSend ?? [], omitLengthOfNothing].flat();
    });
  }

  /** What was observed for this request already, if anything. */
  observedFor(request: FastifyRequest): SnapshotOrUnavailable | undefined {
    return this.observations.get(request);
  }

  private hookFor({ describe, route }: CachedRouteConfig, admission: FastPathAdmission): onRequestHookHandler {
    const isAdmitted = admission.testFor(route);
    return (request, reply, done) => {
      const question = isAdmitted(request) ? questionOf(request, describe) : undefined;
      if (!question) {
        done();
        return;
      }
      this.answers.observe(question.tags).then((observed) => {
        const answer = this.answers.findL1(question, observed);
        if (answer) {
          this.send(request, reply, answer);
          return;
        }
        this.observations.set(request, observed);
        done();
      }, done);
    };
  }

  /** Past Fastify's own way to send, which would set and check each header anew for every answer. */
  private send({ headers, method }: FastifyRequest, reply: FastifyReply, answer: CachedResponse): void {
    const representation = preferredRepresentation(answer, headers['accept-encoding']);
    const heads = this.headsOf(answer, representation);
    const isKnown = noneMatchHits(headers['if-none-match'], representation.entityTag);
    const head = isKnown ? heads.notModified : heads.full;
    // What hooks before this one have set, as the one for cross-origin requests does.
    const others = reply.getHeaders() as Headers;
    reply.hijack();
    reply.raw.writeHead(isKnown ? 304 : 200, isEmpty(others) ? head.flat : merged(others, head.headers));
    reply.raw.end(isKnown || method === 'HEAD' ? undefined : representation.body);
  }

  private headsOf(answer: CachedResponse, representation: Representation): Heads {
    let heads = this.heads.get(representation);
    if (!heads) {
      const notModified = { ...this.options.commonHeaders, ...answerHeaders(answer, representation, NEAR_HIT) };
      heads = {
        full: headOf({ ...notModified, ...bodyHeaders(representation) }),
        notModified: headOf(notModified),
      };
      this.heads.set(representation, heads);
    }
    return heads;
  }
}

/** Fastify gives the length 0 to a 304 to HEAD, which would be the length that a 200 has: RFC 9110, section 8.6. */
const omitLengthOfNothing: onSendHookHandler = (_request, reply, payload, done) => {
  if (reply.statusCode === 304) reply.removeHeader('content-length');
  done(null, payload);
};

function headOf(headers: Headers): Head {
  return { headers, flat: Object.entries(headers).flat() };
}

function isEmpty(headers: Headers): boolean {
  for (const _ in headers) return false;
  return true;
}

function merged(others: Headers, own: Headers): Headers {
  const vary = [others.vary, own.vary].filter((value) => value !== undefined).join(', ');
  return { ...others, ...own, ...(vary ? { vary } : {}) };
}

/** Of a request that cannot be described, the pipeline tells what is wrong with it. */
function questionOf(request: FastifyRequest, describe: CachedRouteConfig['describe']): KeyAndTags | undefined {
  try {
    return describe(request);
  } catch {
    return undefined;
  }
}
