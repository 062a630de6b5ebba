import { CreateOrders1764000000000 } from './1764000000000-create-orders.js';
import { LogOrderEvents1764100000000 } from './1764100000000-log-order-events.js';
import { TellHistoriesApart1764200000000 } from './1764200000000-tell-histories-apart.js';
import { NoticeOtherDatabases1764300000000 } from './1764300000000-notice-other-databases.js';
import { KnowTheMembers1764400000000 } from './1764400000000-know-the-members.js';
import { KeepChangesOfOrders1764600000000 } from './1764600000000-keep-changes-of-orders.js';
import { ValidateChangesOfOrders1764650000000 } from './1764650000000-validate-changes-of-orders.js';
import { CountByPriority1764700000000 } from './1764700000000-count-by-priority.js';
import { SearchAsTyped1764800000000 } from './1764800000000-search-as-typed.js';
import { ListByHoldReason1764900000000 } from './1764900000000-list-by-hold-reason.js';
import { CountMilestones1765000000000 } from './1765000000000-count-milestones.js';
import { FindLateOrders1765100000000 } from './1765100000000-find-late-orders.js';
import { ArchiveOrders1765200000000 } from './1765200000000-archive-orders.js';
import { FindWordStarts1765300000000 } from './1765300000000-find-word-starts.js';
import { SearchComposed1765400000000 } from './1765400000000-search-composed.js';

/** All migrations, in the order in which they are applied. */
export const migrations = [
  CreateOrders1764000000000,
  LogOrderEvents1764100000000,
  TellHistoriesApart1764200000000,
  NoticeOtherDatabases1764300000000,
  KnowTheMembers1764400000000,
  KeepChangesOfOrders1764600000000,
  ValidateChangesOfOrders1764650000000,
  CountByPriority1764700000000,
  SearchAsTyped1764800000000,
  ListByHoldReason1764900000000,
  CountMilestones1765000000000,
  FindLateOrders1765100000000,
  ArchiveOrders1765200000000,
  FindWordStarts1765300000000,
  SearchComposed1765400000000,
];
