import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';

/** Documents what a cached route adds to its answer. */
export function ApiCached(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'An `ETag` that you have: 304 if it still stands.',
    }),
    ApiResponse({ status: 304, description: 'What you have, as `If-None-Match` says, still stands.' }),
  );
}
