/**
 * Lets one process load a response while the others wait for the stored one. A lease only spares the source work:
 * responses are right whichever process loads them, and however often.
 */
export abstract class LoadLeases {
  /** Whether this process may load `name` now. A lease that is not released ends by itself soon. */
  abstract acquire(name: string): Promise<boolean>;

  /** Ends the lease, so that another process tries: nothing was stored. */
  abstract release(name: string): Promise<void>;
}

/** For a single process. */
export class NoLeases extends LoadLeases {
  override acquire(): Promise<boolean> {
    return Promise.resolve(true);
  }

  override release(): Promise<void> {
    return Promise.resolve();
  }
}
