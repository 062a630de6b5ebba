/** Stands for no asker, and for several. */
export const NOBODY = '';

/**
 * On whose behalf something is done: one asker, or nobody in particular as soon as several wait for it. So none of them waits for
 * what another one asks for besides.
 */
export class Askers {
  private one: string;
  private tell: (() => void) | undefined;

  constructor(asker = NOBODY) {
    this.one = asker;
  }

  /** The only asker, or {@link NOBODY}. */
  get charged(): string {
    return this.one;
  }

  /** Another one waits, or the same one again. */
  add(asker = NOBODY): void {
    if (this.one === NOBODY || asker === this.one) return;
    this.one = NOBODY;
    this.tell?.();
  }

  /** Sets what is called once several wait; undefined for nothing. */
  onShared(tell: (() => void) | undefined): void {
    this.tell = tell;
  }
}
