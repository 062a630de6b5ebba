/** Stands for no asker, and for several. */
export const NOBODY = '';

/**
 * The askers that wait for one load. The load of a single asker takes its turn among the other loads of that asker. A load that
 * several wait for is charged to nobody: otherwise all of them would wait for the other loads of the first one.
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
