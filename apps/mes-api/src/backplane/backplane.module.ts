import { Backplane } from '@mes/cache';
import { Global, Module } from '@nestjs/common';
import { Members } from './members.js';
import { PostgresBackplane } from './postgres-backplane.js';

/** Gives the cache its way around Redis. */
@Global()
@Module({
  providers: [Members, { provide: Backplane, useClass: PostgresBackplane }],
  exports: [Backplane, Members],
})
export class BackplaneModule {}
