import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** An OpenID Connect issuer in another process. */
export class OidcServer {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * @param pageOrigin the origin of the page that users sign in to
   * @param tokenLifetime the lifetime of access tokens, in seconds
   */
  static async start(pageOrigin: string, tokenLifetime: number): Promise<OidcServer> {
    const register = resolve('test/support/register-typescript.js');
    const program = resolve('test/browser/support/oidc-program.ts');
    const child = spawn(
      process.execPath,
      ['--no-warnings', '--import', register, program, pageOrigin, String(tokenLifetime)],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const lines = createInterface(child.stdout);
    for await (const line of lines) {
      if (line.startsWith('{')) return new OidcServer((JSON.parse(line) as { url: string }).url, child);
    }
    throw new Error('the issuer exited before it printed its URL');
  }

  /** Makes the issuer accept connections and say nothing. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}
