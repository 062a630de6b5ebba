import { STATUS_CODES } from 'node:http';
import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath, type ApiResponseOptions } from '@nestjs/swagger';
import { ProblemDetailsDto } from './problem-details.dto.js';

/** A problem that a route may return. */
export interface DocumentedProblem {
  readonly status: number;
  readonly code: string;
  readonly description: string;
}

const COMMON: Readonly<Record<number, readonly Omit<DocumentedProblem, 'status'>[]>> = {
  400: [
    { code: 'INPUT_INVALID', description: 'The input is not valid; `errors` lists the invalid fields.' },
    { code: 'BAD_REQUEST', description: 'The request cannot be read, for example because its body is not JSON.' },
  ],
  401: [{ code: 'TOKEN_INVALID', description: 'The token is missing, expired or not valid for this API.' }],
  403: [{ code: 'ROLE_MISSING', description: 'The token lacks the required role.' }],
  413: [{ code: 'PAYLOAD_TOO_LARGE', description: 'The body is larger than 64 KiB.' }],
  414: [
    {
      code: 'URI_TOO_LONG',
      description: 'The URL is longer than 8 KiB, or the id in the path is longer than 200 characters.',
    },
  ],
  415: [{ code: 'UNSUPPORTED_MEDIA_TYPE', description: 'The body is not `application/json`, or is compressed.' }],
  429: [
    { code: 'RATE_LIMIT_EXCEEDED', description: 'You have sent too many requests in a minute.' },
    { code: 'TOO_MANY_AT_ONCE', description: 'Too many of your requests are in progress.' },
  ],
  503: [
    { code: 'DATABASE_UNAVAILABLE', description: 'The database is not available.' },
    { code: 'ISSUER_UNAVAILABLE', description: 'The keys of the token issuer are not available.' },
    { code: 'OVERLOADED', description: 'The service is overloaded.' },
  ],
};

/** Of requests that change something. */
export const OUTCOME_UNKNOWN: DocumentedProblem = {
  status: 503,
  code: 'OUTCOME_UNKNOWN',
  description: 'The change may have been saved: check before you try again.',
};

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait before trying again.', schema: { type: 'integer' as const } },
};

/** Headers of the problems with a status. */
const HEADERS: Readonly<Record<number, ApiResponseOptions['headers']>> = {
  401: { 'WWW-Authenticate': { description: 'How to authenticate: RFC 6750.', schema: { type: 'string' } } },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};

/**
 * Documents the problems of a route. A number stands for the common problems with that status. The description of a status names the
 * codes of all its problems.
 */
export function ApiProblems(...problems: (number | DocumentedProblem)[]): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(ProblemDetailsDto),
    ...problems.flatMap((problem) => (typeof problem === 'number' ? common(problem) : problem)).map(documented),
  );
}

function documented({ status, code, description }: DocumentedProblem): MethodDecorator {
  return ApiResponse({
    status,
    description: `\`${code}\`: ${description}`,
    headers: HEADERS[status],
    content: {
      'application/problem+json': {
        schema: { $ref: getSchemaPath(ProblemDetailsDto) },
        example: exampleOf(status, code, description),
      },
    },
  });
}

function common(status: number): readonly DocumentedProblem[] {
  const problems = COMMON[status];
  if (!problems) throw new Error(`no common problem has the status ${status}`);
  return problems.map((problem) => ({ status, ...problem }));
}

function exampleOf(status: number, code: string, detail: string): ProblemDetailsDto {
  const errors = status === 400 ? [{ field: 'customer.name', message: 'name must be a string' }] : undefined;
  const requestId = '01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d';
  return { type: 'about:blank', title: STATUS_CODES[status] ?? '', status, detail, code, requestId, errors };
}
