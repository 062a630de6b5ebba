import { Module } from '@nestjs/common';
import { PageController } from './page.controller.js';

/** What the operators' page needs besides the API. */
@Module({ controllers: [PageController] })
export class PageModule {}
