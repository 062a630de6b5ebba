// A ledger of accounts: sums are cached by method, and a transfer is one write with a transaction.
import 'reflect-metadata';
import { CachedMethod, CacheModule, TaggedCache } from '@mes/cache';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const balances = new Map([
  ['anna', 100],
  ['boris', 0],
]);

class InsufficientFundsError extends Error {}

@Injectable()
class Accounts {
  additions = 0;

  constructor(private readonly cache: TaggedCache) {}

  @CachedMethod((...owners: string[]) => ({
    key: `sum:${owners.join('+')}`,
    tags: owners.map((owner) => `account:${owner}`),
  }))
  async sum(...owners: string[]): Promise<number> {
    this.additions += 1;
    return Promise.resolve(owners.reduce((sum, owner) => sum + (balances.get(owner) ?? 0), 0));
  }

  transfer(from: string, to: string, amount: number): Promise<void> {
    return this.cache.write({
      tags: [`account:${from}`, `account:${to}`],
      // With a database, this is one transaction of it.
      transaction: async () => {
        const balance = balances.get(from) ?? 0;
        if (balance < amount) throw new InsufficientFundsError();
        balances.set(from, balance - amount).set(to, (balances.get(to) ?? 0) + amount);
        return Promise.resolve();
      },
    });
  }
}

const isRolledBack = (error: unknown): boolean => error instanceof InsufficientFundsError;

@Module({ imports: [CacheModule.forRoot({ isRolledBack })], providers: [Accounts] })
class BankModule {}

const application = await NestFactory.createApplicationContext(BankModule, { logger: false });
const accounts = application.get(Accounts);
console.log(`anna has ${await accounts.sum('anna')}, and again ${await accounts.sum('anna')}`);
await accounts.transfer('anna', 'boris', 30);
console.log(`anna has ${await accounts.sum('anna')}, boris has ${await accounts.sum('boris')}`);
await accounts.transfer('anna', 'boris', 1_000).catch(() => {
  console.log('1000 were refused');
});
console.log(`anna has ${await accounts.sum('anna')}; ${accounts.additions} sums were added up`);
await application.close();
