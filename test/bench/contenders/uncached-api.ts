import 'reflect-metadata';
import { VersionStore, type KeyAndTags } from '@mes/cache';
import type { Type } from '@nestjs/common';
import { createApplication } from '../../../apps/mes-api/src/application.js';
import { readConfiguration } from '../../../apps/mes-api/src/config/configuration.js';
import { OrdersService } from '../../../apps/mes-api/src/orders/orders.service.js';
import {
  PERSISTENT_ORDERS,
  type Announcement,
  type OrdersRepository,
} from '../../../apps/mes-api/src/orders/repository/orders.repository.js';
import { ResponseCache, type CacheResult, type LoadResponse } from '../../../libs/cache/src/read/response-cache.js';
import { printAddress } from './print-address.js';

/** Longer than any write takes, in milliseconds. */
const LONG = 60_000;

// This API without the cache, but with authorisation: reads go to the database, and writes invalidate nothing.
const configuration = readConfiguration(process.env);
const application = await createApplication(configuration, {
  url: configuration.database.url ?? '',
  wait: { patience: configuration.database.startTimeout },
});

replace(ResponseCache, {
  get: async (_question: KeyAndTags, load: LoadResponse): Promise<CacheResult> => ({
    response: await load(),
    outcome: { kind: 'bypass', detail: 'no-cache' },
  }),
});

// The writes name the version store of all instances, as if they had begun pending writes there. The database then sends no
// notification.
const versions = application.get(VersionStore, { strict: false });
const persistent = application.get<OrdersRepository>(PERSISTENT_ORDERS, { strict: false });
const announced = (): Announcement => ({ store: versions.store, until: performance.now() + LONG });
const writes: Pick<OrdersRepository, 'create' | 'changeStatuses' | 'changeFields'> = {
  create: (order) => persistent.create({ ...order, announced: announced() }),
  changeStatuses: (change) => persistent.changeStatuses({ ...change, announced: announced() }),
  changeFields: (change) => persistent.changeFields({ ...change, announced: announced() }),
};
replace(OrdersService, { orders: Object.assign(Object.create(persistent) as OrdersRepository, writes) });

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void application.close().then(() => process.exit(0)));
}
await application.listen(0, '127.0.0.1');
printAddress(application.getHttpServer().address());

/** Replaces members of the only instance of a class, also private ones. */
function replace(type: Type, members: Readonly<Record<string, unknown>>): void {
  Object.assign(application.get<object>(type, { strict: false }), members);
}
