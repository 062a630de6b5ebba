import { Global, Module } from '@nestjs/common';
import { PostgresNotifications } from './postgres-notifications.js';

/** Gives everybody the one connection that listens. */
@Global()
@Module({ providers: [PostgresNotifications], exports: [PostgresNotifications] })
export class PostgresNotificationsModule {}
