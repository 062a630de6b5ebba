import { applyDecorators, type Type } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiResponse } from '@nestjs/swagger';

const HEADERS = {
  ETag: { description: 'What `If-None-Match` may name.', schema: { type: 'string' as const } },
  'Cache-Status': { description: 'What the cache did: RFC 9211.', schema: { type: 'string' as const } },
};

/** Documents what a cached route answers with. */
export function ApiCached(type: Type): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'An `ETag` that you have: 304 if it still stands.',
    }),
    ApiOkResponse({ type, headers: HEADERS }),
    ApiResponse({
      status: 304,
      description: 'What you have, as `If-None-Match` says, still stands.',
      headers: HEADERS,
    }),
  );
}
