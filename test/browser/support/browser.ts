import { existsSync } from 'node:fs';
import sparticuz from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';
import { onceForAll } from './once-for-all.js';

/** The paths at which Linux distributions install Chromium or Chrome. */
const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Arguments without a sandbox, which works neither in containers nor as root. Tests open only pages of this project. */
const ARGUMENTS = ['--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-dev-shm-usage'];

export interface BrowserOptions {
  /** Additional arguments of the command line. */
  readonly args?: readonly string[];
  /** Additional environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a headless Chromium of the system or of an npm package. */
export async function launchBrowser({ args = [], environment = {} }: BrowserOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: await browserPath(),
    args: [...ARGUMENTS, ...args],
    env: { ...process.env, ...environment },
  });
}

async function browserPath(): Promise<string> {
  const system = process.env.TEST_BROWSER ?? SYSTEM_BROWSERS.find((path) => existsSync(path));
  if (system !== undefined) return system;
  // The package unpacks itself on first use. Two workers must not do that at the same time.
  await onceForAll('browser', async () => {
    await sparticuz.executablePath();
  });
  return sparticuz.executablePath();
}
