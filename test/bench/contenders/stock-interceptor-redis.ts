import { createKeyv } from '@keyv/redis';
import { CacheModule } from '@nestjs/cache-manager';
import { LIFETIME_SECONDS } from './lifetime.js';
import { servePage } from './serve-page.js';
import { StockController } from './stock-controller.js';

// The configuration for Nest in the documentation of @keyv/redis.
await servePage({
  imports: [
    CacheModule.registerAsync({
      useFactory: () => ({ stores: [createKeyv(process.env.REDIS_URL)], ttl: LIFETIME_SECONDS * 1_000 }),
    }),
  ],
  controllers: [StockController],
});
