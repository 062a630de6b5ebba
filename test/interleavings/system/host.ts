import type { Steps } from '../steps.js';

/** A process: when it is killed, whatever it was doing goes no further. */
export class Host {
  private killed = false;

  constructor(
    readonly name: string,
    readonly steps: Pick<Steps, 'take'>,
  ) {}

  get isAlive(): boolean {
    return !this.killed;
  }

  kill(): void {
    this.killed = true;
  }

  /** Resolves when this process takes its next step; never if it is killed before that. */
  async step(label: string): Promise<void> {
    await this.steps.take(`${this.name}: ${label}`);
    await this.survive();
  }

  /** Resolves when what this process sends now arrives somewhere: later than it is killed, if need be. */
  async send(label: string): Promise<void> {
    await this.survive();
    await this.steps.take(`${this.name}'s ${label}`);
  }

  /** Never resolves if this process has been killed: timers go on, but what they lead to must not. */
  async survive(): Promise<void> {
    if (this.killed) await forever();
  }
}

export function forever(): Promise<never> {
  return new Promise(() => undefined);
}
