import { Module } from '@nestjs/common';
import { DevelopmentSignInGuard } from './development-sign-in.guard.js';
import { PageController } from './page.controller.js';

/** What the operators' page needs besides the API. */
@Module({ controllers: [PageController], providers: [DevelopmentSignInGuard] })
export class PageModule {}
