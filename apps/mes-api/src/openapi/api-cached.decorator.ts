import { applyDecorators, type Type } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiResponse } from '@nestjs/swagger';

const HEADERS = {
  ETag: { description: 'Entity tag, for `If-None-Match`.', schema: { type: 'string' as const } },
  'Cache-Status': { description: 'How the cache handled the request: RFC 9211.', schema: { type: 'string' as const } },
};

/** Documents the responses of a cached route. */
export function ApiCached(type: Type): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'The `ETag` of an earlier response: 304 if that is still current.',
    }),
    ApiOkResponse({ type, headers: HEADERS }),
    ApiResponse({
      status: 304,
      description: 'The response that `If-None-Match` names is still current.',
      headers: HEADERS,
    }),
  );
}
