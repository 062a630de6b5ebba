import { existsSync } from 'node:fs';
import sparticuz from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';
import { onceForAll } from './once-for-all.js';

/** The paths at which Linux distributions install Chromium or Chrome. */
const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** No sandbox: it does not work in containers or as root, and only pages of this project are opened. */
const ARGUMENTS = ['--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-dev-shm-usage'];

/** A headless Chromium: the system's, or the one of an npm package. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await browserPath(), args: ARGUMENTS });
}

async function browserPath(): Promise<string> {
  const system = process.env.TEST_BROWSER ?? SYSTEM_BROWSERS.find((path) => existsSync(path));
  if (system !== undefined) return system;
  // The package unpacks itself on first use, which two workers must not do at the same time.
  await onceForAll('browser', async () => {
    await sparticuz.executablePath();
  });
  return sparticuz.executablePath();
}
