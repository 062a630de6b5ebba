import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** The handler and the controller of a route, whose metadata say who may call it: what guards read, too. */
export type RouteHandler = Pick<ExecutionContext, 'getHandler' | 'getClass'>;

/**
 * Decides, in place of the guards, whether a request may be answered out of this process before Nest's pipeline begins. It
 * must come to the decisions that the guards come to, best by the same code.
 *
 * An application that provides none has its hits answered by the interceptor, after the guards.
 */
export abstract class FastPathAdmission {
  /**
   * A test for requests to one route: true if every guard would let the request pass, which is then as the guards would
   * have left it. False also if that cannot be told at once; the guards have the word then.
   */
  abstract testFor(route: RouteHandler): (request: FastifyRequest) => boolean;
}
