import { Module } from '@nestjs/common';
import { DashboardController } from './dashboard.controller.js';
import { DashboardService } from './dashboard.service.js';
import { StatusDashboard } from './status-dashboard.js';

@Module({ controllers: [DashboardController], providers: [DashboardService, StatusDashboard] })
export class DashboardModule {}
