import { Module } from '@nestjs/common';
import { CacheAdministrationController } from './cache-administration.controller.js';

@Module({ controllers: [CacheAdministrationController] })
export class CacheAdministrationModule {}
