import { UseGuards, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';

/** A route whose guards run before its body is read. */
export interface GuardedRoute extends Pick<ExecutionContext, 'getHandler' | 'getClass'> {
  /** Its own guards, besides those of all routes. */
  readonly guards: readonly Type<CanActivate>[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@GuardBeforeBody()`. */
    guarded?: GuardedRoute;
  }
}

/**
 * Runs the guards of all routes, and the given ones, before the body of a request is read, so that the body of a refused request
 * costs nothing.
 *
 * The hook finds the guards in the configuration of the Fastify route. A `@RouteConfig()` above this decorator would replace
 * that configuration, so it must stand below.
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
