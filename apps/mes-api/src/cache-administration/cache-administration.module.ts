import { Module } from '@nestjs/common';
import { EventsStreamModule } from '../events-stream/events-stream.module.js';
import { CacheAdministrationController } from './cache-administration.controller.js';

@Module({ imports: [EventsStreamModule], controllers: [CacheAdministrationController] })
export class CacheAdministrationModule {}
