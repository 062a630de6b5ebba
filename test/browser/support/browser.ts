import { existsSync } from 'node:fs';
import sparticuz from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';
import { onceForAll } from './once-for-all.js';

/** Where Linux distributions install it. */
const SYSTEM_BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A headless Chromium: the system's, or the one that comes as an npm package. */
export async function launchBrowser(): Promise<Browser> {
  const system = process.env.TEST_BROWSER ?? SYSTEM_BROWSERS.find((path) => existsSync(path));
  if (system !== undefined) {
    return chromium.launch({ executablePath: system, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  }
  // It unpacks itself when it is asked for the first time, and two that do so at once are in each other's way.
  await onceForAll('browser', async () => {
    await sparticuz.executablePath();
  });
  return chromium.launch({
    executablePath: await sparticuz.executablePath(),
    // Its own arguments are for one page at a time in one process.
    args: sparticuz.args.filter((argument) => argument !== '--single-process' && !argument.startsWith('--headless')),
    headless: true,
  });
}
