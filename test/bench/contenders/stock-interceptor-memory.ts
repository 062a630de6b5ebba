import { CacheModule } from '@nestjs/cache-manager';
import { LIFETIME_SECONDS } from './lifetime.js';
import { servePage } from './serve-page.js';
import { StockController } from './stock-controller.js';

// Nest's default store, a Map of serialised values.
await servePage({
  imports: [CacheModule.register({ ttl: LIFETIME_SECONDS * 1_000 })],
  controllers: [StockController],
});
