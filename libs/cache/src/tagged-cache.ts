import { Inject, Injectable } from '@nestjs/common';
import { toCachedResponse } from './entries/cached-response.js';
import { ResponseCache, type KeyAndTags } from './read/response-cache.js';
import type { Tag } from './versions/version-store.js';
import { CacheWriter, type CacheWrite, type WritesUnderWay } from './write/cache-writer.js';

/**
 * The cache of an application: reads by key and tags, and writes that keep it true. Routes use `@CachedRoute()` instead.
 *
 * @publicApi
 */
@Injectable()
export class TaggedCache {
  constructor(
    private readonly responses: ResponseCache,
    private readonly writer: CacheWriter,
  ) {}

  /**
   * The value for a key, from the cache if it is current, else from `load`. It is kept as JSON: every caller gets a copy of
   * its own, and what JSON cannot tell is lost.
   *
   * @throws what `load` throws; errors are not stored
   * @throws {TypeError} if the key or a tag is not well-formed text, or the value nothing that JSON can tell
   * @throws {TooManyLoadsError}
   * @throws {LoadTimeoutError}
   */
  async getOrLoad<T>(keyAndTags: KeyAndTags, load: () => Promise<T>): Promise<T> {
    const { response } = await this.responses.get(keyAndTags, async () => toCachedResponse(await load()), {
      compress: false,
    });
    return JSON.parse(response.identity.body.toString()) as T;
  }

  /**
   * Writes to the source and to the cache. After it has returned, no read shows the state before the write, through any
   * instance.
   *
   * The transaction must be committed when it resolves. So a write must not stand within a larger transaction: it would invalidate
   * before the commit of that one.
   *
   * @throws what the transaction throws
   * @throws {TypeError} before the transaction, if a tag is not well-formed text
   * @throws {CutOffError} before the transaction
   * @throws {InvalidationNotRelayedError} after the commit; the caller must not be told that the write succeeded
   */
  write<T>(write: CacheWrite<T>): Promise<T> {
    return this.writer.write(write);
  }

  /** The writes of this process that have begun and not returned. One that hangs keeps readers from storing. */
  get writesUnderWay(): WritesUnderWay {
    return this.writer.underWay;
  }

  /**
   * Invalidates all that depends on these tags, for changes that did not go through {@link write}.
   *
   * @throws {InvalidationNotRelayedError}
   */
  invalidate(tags: readonly Tag[]): Promise<void> {
    return this.writer.invalidate(tags);
  }
}

const CACHE = Symbol('cache of the decorated methods');

/**
 * Caches the results of an asynchronous method of a provider, with the guarantees of {@link TaggedCache.getOrLoad}. Nest must make
 * the provider itself: one that a factory makes is not given the cache.
 *
 * @param describe key and tags of the result, from the arguments of the method; `this` is the provider
 *
 * @example
 * ```ts
 * @CachedMethod((language: string) => ({ key: `words:${language}`, tags: ['words'] }))
 * async wordsIn(language: string): Promise<Word[]> { … }
 * ```
 *
 * @publicApi
 */
export function CachedMethod<Arguments extends unknown[]>(
  describe: (this: never, ...given: Arguments) => KeyAndTags,
): <T>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<(...given: Arguments) => Promise<T>>,
) => void {
  return (target, _name, descriptor) => {
    const load = descriptor.value;
    if (!load) throw new Error('@CachedMethod() decorates methods only');
    Inject(TaggedCache)(target, CACHE);
    const cached = async function (this: object, ...given: Arguments): ReturnType<typeof load> {
      const cache = (this as { readonly [CACHE]?: TaggedCache })[CACHE];
      if (!cache) throw new Error(`${this.constructor.name} has a @CachedMethod(), so Nest must make it by itself`);
      return cache.getOrLoad(describe.apply(this as never, given), () => load.apply(this, given));
    };
    for (const key of Reflect.getMetadataKeys(load)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, load), cached);
    }
    descriptor.value = cached;
  };
}
