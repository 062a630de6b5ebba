import { Module, type NestModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Drain } from './drain.js';

@Module({ providers: [Drain], exports: [Drain] })
export class ShutdownModule implements NestModule {
  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly drain: Drain,
  ) {}

  /** Nest calls this before it declares the routes. */
  configure(): void {
    this.drain.install(this.host.httpAdapter.getInstance());
  }
}
