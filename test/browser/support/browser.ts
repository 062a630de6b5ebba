import { existsSync } from 'node:fs';
import sparticuz from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';
import { onceForAll } from './once-for-all.js';

/** Where Linux distributions install it. */
const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Without a sandbox, which containers and root cannot have; what is opened are pages of this project alone. */
const ARGUMENTS = ['--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-dev-shm-usage'];

/** A headless Chromium: the system's, or the one that comes as an npm package. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await browserPath(), args: ARGUMENTS });
}

async function browserPath(): Promise<string> {
  const system = process.env.TEST_BROWSER ?? SYSTEM_BROWSERS.find((path) => existsSync(path));
  if (system !== undefined) return system;
  // It unpacks itself when it is asked for the first time, and two that do so at once are in each other's way.
  await onceForAll('browser', async () => {
    await sparticuz.executablePath();
  });
  return sparticuz.executablePath();
}
