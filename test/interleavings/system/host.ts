import type { Steps } from '../steps.js';

/** A process. When it is killed, it takes no more steps. */
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

  /** Resolves when this process takes its next step; never if it is killed first. */
  async step(label: string): Promise<void> {
    await this.steps.take(`${this.name}: ${label}`);
    await this.survive();
  }

  /** Resolves when a message of this process arrives. It arrives even if the process is killed meanwhile. */
  async send(label: string): Promise<void> {
    await this.survive();
    await this.steps.take(`${this.name}'s ${label}`);
  }

  /** Never resolves if this process has been killed. Timers of a dead process still fire, but must have no effect. */
  async survive(): Promise<void> {
    if (this.killed) await forever();
  }
}

export function forever(): Promise<never> {
  return new Promise(() => undefined);
}
