import { Module } from '@nestjs/common';
import { DevelopmentSignInGuard } from './development-sign-in.guard.js';
import { PageController } from './page.controller.js';

/** The settings and the development sign-in of the operators' page. */
@Module({ controllers: [PageController], providers: [DevelopmentSignInGuard] })
export class PageModule {}
