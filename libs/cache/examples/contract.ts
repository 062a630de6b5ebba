// The contract suite for version stores, run by Jest on the store that this application uses.
import 'reflect-metadata';
import { CacheModule, VersionStore } from '@mes/cache';
import { describeVersionStore } from '@mes/cache/testing';
import { Test } from '@nestjs/testing';

describeVersionStore('The store of this application', async () => {
  let now = 0;
  const cache = CacheModule.forRoot({ pendingWriteLifetime: 1_000, now: () => now });
  const module = await Test.createTestingModule({ imports: [cache] }).compile();
  return {
    versions: module.get(VersionStore),
    passDeadline: () => {
      now += 1_000;
      return Promise.resolve();
    },
    close: () => module.close(),
  };
});
