/**
 * Lets one process of all load an answer while the others wait for what it stores. A lease is a courtesy to the database
 * and nothing more: answers are right whoever loads them, and however often.
 */
export abstract class LoadLeases {
  /** Whether this process may load `name` now. A lease that is not released ends by itself soon. */
  abstract acquire(name: string): Promise<boolean>;

  /** The load is over, and others should try: nothing was stored that they could find. */
  abstract release(name: string): Promise<void>;
}

/** Without other processes, there is nobody to wait for. */
export class NoLeases extends LoadLeases {
  override acquire(): Promise<boolean> {
    return Promise.resolve(true);
  }

  override release(): Promise<void> {
    return Promise.resolve();
  }
}
