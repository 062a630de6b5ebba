import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';

/** An OpenID Connect issuer in another process. */
export class OidcServer {
  private constructor(
    /** What tokens and metadata call it. */
    readonly issuer: string,
    /** Where its endpoints are. */
    readonly endpoints: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * @param page the URL of the page that users sign in to, without a slash at its end
   * @param tokenLifetime the lifetime of access tokens, in seconds
   */
  static async start(page: string, tokenLifetime: number): Promise<OidcServer> {
    const register = resolve('test/support/register-typescript.js');
    const program = resolve('test/browser/support/oidc-program.ts');
    const child = spawn(
      process.execPath,
      ['--no-warnings', '--import', register, program, page, String(tokenLifetime)],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const lines = createInterface(child.stdout);
    for await (const line of lines) {
      if (!line.startsWith('{')) continue;
      const { issuer, endpoints } = JSON.parse(line) as { issuer: string; endpoints: string };
      return new OidcServer(issuer, endpoints, child);
    }
    throw new Error('the issuer exited before it printed its URL');
  }

  /** Signs a user in, from the sign-in screen of the page. */
  async signIn(page: Page, name: string): Promise<void> {
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${this.endpoints}/**`);
    await page.locator('input[name=login]').fill(name);
    await page.locator('input[name=password]').fill('any');
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: 'Continue' }).click();
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
