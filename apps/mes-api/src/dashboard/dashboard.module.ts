import { Module } from '@nestjs/common';
import { OrdersModule } from '../orders/orders.module.js';
import { DashboardController } from './dashboard.controller.js';
import { DashboardService } from './dashboard.service.js';
import { StatusDashboard } from './status-dashboard.js';

@Module({
  imports: [OrdersModule],
  controllers: [DashboardController],
  providers: [DashboardService, StatusDashboard],
})
export class DashboardModule {}
