/** What the cache does for a caller, and what a tracer may show. */
export type CacheOperation =
  /** A caller asked for a response. */
  | 'read'
  /** The source was asked for a response. */
  | 'load'
  /** A caller changed the source. */
  | 'write'
  /** A write loaded what is refreshed on write. */
  | 'refresh';

/** An operation under way, as a tracer shows it. */
export interface TracedOperation {
  /** Runs work whose own operations belong to this one. */
  within<T>(work: () => T): T;
  /**
   * Only the first end counts.
   *
   * @param facts by their names: strings, numbers and booleans, but no keys, tags and values, which may name customers
   */
  end(facts?: object): void;
  fail(error: unknown): void;
}

/**
 * Shows in traces what the cache does. The application provides one, from a global module; without one, nothing is traced and
 * nothing is paid.
 *
 * What several callers share, such as a snapshot of versions, belongs to the first of them.
 *
 * @publicApi
 */
export abstract class CacheTracer {
  /** Undefined if the caller is not traced. */
  abstract begin(operation: CacheOperation): TracedOperation | undefined;

  /**
   * A command that is sent to Redis.
   *
   * @param script the name of the script that the command runs
   */
  abstract beginCommand(command: string, script?: string): TracedOperation | undefined;
}

/** Runs work as a traced operation, if the caller is traced. Settles like the work. */
export async function traced<T>(
  operation: TracedOperation | undefined,
  work: () => Promise<T>,
  factsOf?: (result: T) => object,
): Promise<T> {
  if (!operation) return work();
  try {
    const result = await operation.within(work);
    operation.end(factsOf?.(result));
    return result;
  } catch (error) {
    operation.fail(error);
    throw error;
  }
}
