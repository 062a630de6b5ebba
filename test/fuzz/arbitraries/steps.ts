import fc from 'fast-check';
import { operationsOf, type LocatedOperation, type OpenApiDocument } from '../../support/openapi-document.js';
import type { FuzzedRequest, Remembered } from '../fuzzed-request.js';
import { requestsFor } from './requests.js';

const LAST_ENTITY_TAG: Remembered = { kind: 'entityTag', nth: 0, otherwise: '"1"' };

/** Up to `most` steps after the creation of an order, which other requests can use. */
export function sequencesFor(document: OpenApiDocument, most: number): fc.Arbitrary<readonly FuzzedRequest[]> {
  const creations = operationsOf(document).filter(({ operationId }) => operationId === 'createOrder');
  return fc
    .tuple(
      fc.oneof(...creations.map((operation) => requestsFor(document, operation))),
      fc.array(stepsFor(document), { maxLength: most, size: 'max' }),
    )
    .map(([creation, steps]) => [creation, ...steps.flat()]);
}

/** A single request, or a request that is sent twice. */
function stepsFor(document: OpenApiDocument): fc.Arbitrary<readonly FuzzedRequest[]> {
  const requests = operationsOf(document).map((operation) => ({
    weight: weightOf(operation),
    arbitrary: fc.oneof(
      { weight: 3, arbitrary: requestsFor(document, operation).map((request) => [request]) },
      {
        weight: 1,
        arbitrary: fc.tuple(requestsFor(document, operation), requestsFor(document, operation)).map(sentTwice),
      },
    ),
  }));
  return fc.oneof(...requests);
}

/**
 * Writes create the data that other requests read, and have the most parts that can be invalid. Changes also depend on the state of the
 * order, so only some of them succeed.
 */
function weightOf({ method, requestBody }: LocatedOperation): number {
  if (!requestBody) return 1;
  return method === 'PATCH' ? 6 : 3;
}

/** The second request has the entity tag from the first response, and another body. */
function sentTwice([request, other]: readonly [FuzzedRequest, FuzzedRequest]): readonly FuzzedRequest[] {
  const condition = request.operation.method === 'GET' ? 'If-None-Match' : 'If-Match';
  const headers = request.headers.value.filter(([name]) => name !== condition);
  const again = {
    ...request,
    headers: { ...request.headers, value: [...headers, [condition, LAST_ENTITY_TAG] as const] },
    body: other.body,
  };
  return [request, again];
}
