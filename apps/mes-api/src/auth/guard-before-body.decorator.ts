import { UseGuards, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';

/** A route whose guards are asked before its body is read. */
export interface GuardedRoute extends Pick<ExecutionContext, 'getHandler' | 'getClass'> {
  /** Those that it has besides the guards of all routes. */
  readonly guards: readonly Type<CanActivate>[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@GuardBeforeBody()`. */
    guarded?: GuardedRoute;
  }
}

/**
 * Has the guards asked before the body of a request is read, those of all routes and these: whoever may not call costs no
 * more than the head of the request.
 *
 * The route is kept in the configuration of Fastify's, where the hook finds it. A `@RouteConfig()` replaces all of that, and
 * so has to stand below.
 */
export function GuardBeforeBody(...guards: Type<CanActivate>[]): MethodDecorator {
  return (target, name, descriptor) => {
    const handler = descriptor.value as object;
    const guarded = {
      guards,
      getHandler: () => handler,
      getClass: () => target.constructor,
    } as unknown as GuardedRoute;
    const config = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as object | undefined;
    RouteConfig({ ...config, guarded })(target, name, descriptor);
    UseGuards(...guards)(target, name, descriptor);
  };
}
