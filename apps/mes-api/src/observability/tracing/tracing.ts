import type { CacheTracer } from '@mes/cache';
import type { StatementListener } from '@mes/database';
import type { FastifyInstance } from 'fastify';

/** The traces of this process. */
export interface Tracing {
  readonly cacheTracer: CacheTracer;
  readonly onStatement: StatementListener;
  /** The id of the trace that the present work belongs to. */
  traceId(): string | undefined;
  /** Traces the requests to a server. Must be called before all other hooks are added. */
  traceRequests(server: FastifyInstance): void;
  /**
   * Sends what is left, for a limited time.
   *
   * @param hurry aborted to end all waiting
   */
  close(hurry: AbortSignal): Promise<void>;
}
