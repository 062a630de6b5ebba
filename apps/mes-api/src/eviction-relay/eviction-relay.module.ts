import { EvictionRelay } from '@mes/cache';
import { Global, Module } from '@nestjs/common';
import { PostgresEvictionRelay } from './postgres-eviction-relay.js';

/** Gives the cache its way around Redis. */
@Global()
@Module({
  providers: [{ provide: EvictionRelay, useClass: PostgresEvictionRelay }],
  exports: [EvictionRelay],
})
export class EvictionRelayModule {}
