import { ORDER_ARCHIVING_DEFAULTS } from '../../apps/mes-api/src/orders/order-archiving.js';

// Loaded before the API: it begins to archive as soon as it runs, in small steps.
Object.assign(ORDER_ARCHIVING_DEFAULTS, { interval: 100, batchSize: 5, pause: 0 });
