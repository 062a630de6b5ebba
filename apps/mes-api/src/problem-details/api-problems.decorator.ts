import { STATUS_CODES } from 'node:http';
import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ProblemDetailsDto } from './problem-details.dto.js';

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The input is not valid; `errors` says what is wrong with which field.',
  401: 'The token is missing, expired or not valid here.',
  403: 'The token lacks the role that this needs.',
  404: 'There is no such order, or it is not yours to see.',
  412: 'The order has changed since: `If-Match` does not name its version.',
  413: 'The body is larger than 64 KiB.',
  415: 'The body is not `application/json`.',
  503: 'The database or the token issuer is away; try again after `Retry-After` seconds.',
};

/** Documents the problems that a route may answer with. Every route may also answer with 503. */
export function ApiProblems(...problems: (number | { status: number; description: string })[]): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(ProblemDetailsDto),
    ...[...problems, 503].map((problem) => {
      const status = typeof problem === 'number' ? problem : problem.status;
      const description = typeof problem === 'number' ? DESCRIPTIONS[problem] : problem.description;
      return ApiResponse({
        status,
        description: description ?? STATUS_CODES[status] ?? '',
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDetailsDto) } } },
      });
    }),
  );
}
