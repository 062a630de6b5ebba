import type { Registry } from 'prom-client';

/** The metrics of a process, as prom-client gives them. */
export type ProcessMetricsJson = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** What a worker sends to the supervisor. Ids tell answers to several questions apart. */
export type MessageOfWorker =
  | { readonly type: 'metrics-of-all?'; readonly id: number }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: ProcessMetricsJson }
  | { readonly type: 'leave-port' }
  | { readonly type: 'alive' };

/** What the supervisor sends to a worker. */
export type MessageOfSupervisor =
  | { readonly type: 'metrics?'; readonly id: number }
  | { readonly type: 'metrics-of-all'; readonly id: number; readonly all: readonly ProcessMetricsJson[] }
  | { readonly type: 'port-left' };

/** The environment variable that numbers a worker, from 1. A worker that takes the place of another one has its number. */
export const WORKER_NUMBER = 'MES_WORKER_NUMBER';

/** How often a worker says that it is alive, in milliseconds. */
export const SIGN_OF_LIFE_INTERVAL_MS = 5_000;
