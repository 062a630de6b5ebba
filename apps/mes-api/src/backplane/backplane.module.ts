import { Backplane } from '@mes/cache';
import { ServerClock } from '@mes/database';
import { Global, Module } from '@nestjs/common';
import { Members } from './members.js';
import { PostgresBackplane } from './postgres-backplane.js';
import { PostgresNotifications } from './postgres-notifications.js';

/** Connects the instances with each other through PostgreSQL, also while Redis is away. */
@Global()
@Module({
  providers: [PostgresNotifications, Members, ServerClock, { provide: Backplane, useClass: PostgresBackplane }],
  exports: [PostgresNotifications, Backplane, Members, ServerClock],
})
export class BackplaneModule {}
