export {
  CacheEvents,
  type CacheEvent,
  type CacheEventListener,
  type EpochRenewalCause,
  type InspectionResult,
  type InvalidationCause,
  type RedisOperation,
} from './cache.events.js';
export { CacheHealth } from './cache.health.js';
export { CacheModule, type CacheModuleAsyncOptions, type CacheModuleOptions } from './cache.module.js';
export { CACHE_DEFAULTS, CACHE_OPTIONS, type CacheOptions } from './cache.options.js';
export { CacheTracer, type CacheOperation, type TracedOperation } from './cache.tracer.js';
export { Reminder } from './flow/reminder.js';
export { L1Cache } from './entries/l1-cache.js';
export { responseShape } from './entries/response-shape.js';
export type { CachedRouteMetadata, DescribeRoute, RouteDescription, RouteHandler } from './http/cached-route.js';
export { CachedRoute } from './http/cached-route.decorator.js';
export { CachedRouteInterceptor } from './http/cached-route.interceptor.js';
export { ENTITY_TAGS, parseEntityTags } from './http/entity-tag.js';
export { FastPathAdmission, FastPathObserver, type ObservedRoute } from './http/fast-path.js';
export { LoadTimeoutError, TooManyLoadsError } from './read/load-limit.js';
export { MonotonicReads } from './read/monotonic-reads.js';
export { RefreshOnWrite, type RefreshedResponse } from './read/refresh-on-write.js';
export type { CacheOutcome, KeyAndTags } from './read/response-cache.js';
export { RedisAccess } from './redis/redis-connection.js';
export { clusterClient, sentinelClient, type RedisAddress } from './redis/redis-topologies.js';
export { redisUrlComplaint } from './redis/redis-url.js';
export { CachedMethod, TaggedCache } from './tagged-cache.js';
export { Backplane, CutOffError, InvalidationNotRelayedError } from './versions/backplane.js';
export { STORE_PROBLEMS, type StoreProblem } from './versions/store-problem.js';
export { EPOCH, StoreRefusedError, VersionStore, VersionStoreUnavailableError } from './versions/version-store.js';
export type {
  Admission,
  Advance,
  BegunWrite,
  CompleteOptions,
  PendingSnapshot,
  PendingWrite,
  Tag,
  Version,
  VersionSnapshot,
  VersionSwap,
} from './versions/version-store.js';
export type { Announced, CacheWrite, CreatedValue, WriteOutcome, WritesUnderWay } from './write/cache-writer.js';
