/** The store must not be trusted now: other instances use another one, or this cannot be found out. */
export class StoreRefusedError extends Error {
  readonly code = 'CACHE_STORE_REFUSED';
}

/** Decides whether a store may be trusted, so that all instances use the same one. */
export interface Admission {
  /**
   * Claims the store for this instance.
   *
   * @param store names the store; after a restart or a failover it is another one
   * @param seen what the epoch in the store was made for
   * @returns what the epoch has to be made for
   * @throws {StoreRefusedError}
   */
  admit(store: string, seen: string): Promise<string>;
}

/** For a single instance, or where nothing but the versionStore connects the instances: every store is its own authority. */
export const ADMIT_ALL: Admission = { admit: (store) => Promise.resolve(store) };
