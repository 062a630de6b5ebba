import { Inject, Injectable } from '@nestjs/common';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import type { CachedResponse, Representation } from '../entries/cached-response.js';
import type { CacheOutcome } from '../read/response-cache.js';
import { preferredRepresentation } from './content-negotiation.js';
import { noneMatchHits } from './entity-tag.js';

export type ResponseHeaders = Readonly<Record<string, string>>;

/** The headers of a request that the responder reads. */
export interface RequestHeaders {
  readonly 'accept-encoding'?: string | string[] | undefined;
  readonly 'if-none-match'?: string | undefined;
}

/** What is sent for a cached response. */
export interface HttpResponse {
  readonly status: 200 | 304;
  /** By their names in lower case. For hits in L1, the same object for the same representation. */
  readonly headers: ResponseHeaders;
  /** Undefined with status 304. */
  readonly body: Buffer | undefined;
}

interface HeadersByStatus {
  readonly 200: ResponseHeaders;
  readonly 304: ResponseHeaders;
}

/** Turns a cached response into what is sent for one request: RFC 9110, RFC 9111 and RFC 9211. */
@Injectable()
export class Responder {
  private readonly l1Headers = new WeakMap<Representation, HeadersByStatus>();

  constructor(@Inject(CACHE_OPTIONS) private readonly options: Pick<CacheOptions, 'cacheName'>) {}

  respond(request: RequestHeaders, response: CachedResponse, outcome: CacheOutcome): HttpResponse {
    const representation = preferredRepresentation(response, request['accept-encoding']?.toString());
    const headers = this.headersOf(response, representation, outcome);
    return noneMatchHits(request['if-none-match'], representation.entityTag)
      ? { status: 304, headers: headers[304], body: undefined }
      : { status: 200, headers: headers[200], body: representation.body };
  }

  private headersOf(response: CachedResponse, representation: Representation, outcome: CacheOutcome): HeadersByStatus {
    if (outcome.kind !== 'hit' || outcome.level !== 'l1') return this.newHeaders(response, representation, outcome);
    let headers = this.l1Headers.get(representation);
    if (!headers) this.l1Headers.set(representation, (headers = this.newHeaders(response, representation, outcome)));
    return headers;
  }

  private newHeaders({ br }: CachedResponse, representation: Representation, outcome: CacheOutcome): HeadersByStatus {
    const { coding, body, entityTag } = representation;
    const notModified = {
      'cache-control': 'private, no-cache',
      'cache-status': cacheStatus(this.options.cacheName, outcome),
      etag: entityTag,
      ...(br ? { vary: 'accept-encoding' } : {}),
    };
    const bodyHeaders = {
      'content-type': 'application/json; charset=utf-8',
      ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
      'content-length': String(body.length),
    };
    return { 304: notModified, 200: { ...notModified, ...bodyHeaders } };
  }
}

/** The levels as `Cache-Status` names them. */
const LEVEL_NAMES = { l1: 'near', l2: 'redis' } as const;

/** The value of the `Cache-Status` header: RFC 9211. */
export function cacheStatus(cacheName: string, outcome: CacheOutcome): string {
  switch (outcome.kind) {
    case 'hit':
      return `${cacheName}-${LEVEL_NAMES[outcome.level]}; hit`;
    case 'miss':
      if (outcome.collapsed) return `${cacheName}; fwd=miss; collapsed`;
      return `${cacheName}; fwd=miss; ${outcome.stored ? 'stored' : 'detail=not-stored'}`;
    case 'bypass':
      return `${cacheName}; fwd=bypass; detail=${outcome.detail}`;
  }
}
