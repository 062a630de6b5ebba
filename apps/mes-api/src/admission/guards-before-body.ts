import { Injectable, type CanActivate } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RateLimitGuard } from '../rate-limits/rate-limit.guard.js';
import { AccessGuard } from '../auth/access.guard.js';
import type { GuardedRoute } from '../auth/guard-before-body.decorator.js';

/** Methods whose bodies Fastify reads. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Runs guards in a Fastify hook, before the body is read and parsed. Nest runs the same guards again after that; they find on
 * the request what they have already done.
 */
@Injectable()
export class GuardsBeforeBody {
  constructor(
    private readonly modules: ModuleRef,
    private readonly rateLimit: RateLimitGuard,
    private readonly access: AccessGuard,
  ) {}

  /** Must be called before the routes are declared. */
  install(server: FastifyInstance): void {
    server.addHook('onRoute', (route) => {
      const guarded = route.config?.guarded;
      if (!guarded || ![route.method].flat().some((method) => WITH_BODY.has(method))) return;
      route.onRequest = [route.onRequest ?? [], this.hookFor(guarded)].flat();
    });
  }

  private hookFor({ guards, getClass, getHandler }: GuardedRoute) {
    const own = guards.map((guard) => this.modules.get<CanActivate>(guard, { strict: false }));
    const all = [this.rateLimit, this.access, ...own];
    return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const context = new ExecutionContextHost([request, reply], getClass(), getHandler());
      // Each guard throws when it refuses.
      for (const guard of all) await guard.canActivate(context);
    };
  }
}
