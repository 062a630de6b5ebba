import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { INSTANCE_FAULTS } from './instance-faults.js';
import { OTHER_DATABASE_FAULTS } from './other-database-faults.js';
import { POOLER_FAULTS } from './pooler-faults.js';
import { POSTGRES_FAULTS } from './postgres-faults.js';
import { REDIS_FAULTS } from './redis-faults.js';
import { TOPOLOGY_FAULTS } from './topology-faults.js';
import { WHILE } from './while.js';

export const FAULTS: readonly Fault[] = [
  { name: 'quiet', title: 'nothing goes wrong', touches: 0, keepsHits: true, alerts: [], happen: () => delay(WHILE) },
  ...REDIS_FAULTS,
  ...TOPOLOGY_FAULTS,
  ...INSTANCE_FAULTS,
  ...POSTGRES_FAULTS,
  ...POOLER_FAULTS,
  ...OTHER_DATABASE_FAULTS,
];
