import { createKeyv } from '@keyv/redis';
import { CacheModule } from '@nestjs/cache-manager';
import { LIFETIME_SECONDS } from './lifetime.js';
import { servePage } from './serve-page.js';
import { StockController } from './stock-controller.js';

// As the documentation of @keyv/redis has it for Nest.
await servePage({
  imports: [
    CacheModule.registerAsync({
      useFactory: () => ({ stores: [createKeyv(process.env.REDIS_URL)], ttl: LIFETIME_SECONDS * 1_000 }),
    }),
  ],
  controllers: [StockController],
});
