import type { Page } from 'playwright-core';

/** The pause between two keys of a scanner, in milliseconds. */
const PAUSE = 2;

const ENTER = { key: 'Enter', text: '\r', code: 'Enter', windowsVirtualKeyCode: 13 };

/** The longest time that passes in the page at once while its clock is stopped: less than a sleep that it notices, in milliseconds. */
const STOP = 4_000;

/**
 * Types like a scanner. The keys have times of their own, and the clock of the page stands still, so that a busy machine makes no
 * pauses between them.
 */
export async function scan(page: Page, code: string): Promise<void> {
  const keys = [...Array.from(code, (key) => ({ key, text: key, ...keyOf(key) })), ENTER];
  const browser = await page.context().newCDPSession(page);
  await page.clock.install();
  await page.clock.pauseAt((await page.evaluate<number>('Date.now()')) + STOP);
  const begin = Date.now() - keys.length * PAUSE;
  const presses = keys.flatMap((key, i) => {
    const timestamp = (begin + i * PAUSE) / 1_000;
    return [
      browser.send('Input.dispatchKeyEvent', { type: 'keyDown', timestamp, ...key }),
      browser.send('Input.dispatchKeyEvent', { type: 'keyUp', timestamp, key: key.key, code: key.code }),
    ];
  });
  await Promise.all(presses);
  await page.clock.resume();
  await browser.detach();
}

/** The key that types a character, in the terms of Chromium. */
function keyOf(character: string): { readonly code: string; readonly windowsVirtualKeyCode: number } {
  if (character === '-') return { code: 'Minus', windowsVirtualKeyCode: 189 };
  if (character === ' ') return { code: 'Space', windowsVirtualKeyCode: 32 };
  const name = character.toUpperCase();
  return { code: (/\d/.test(name) ? 'Digit' : 'Key') + name, windowsVirtualKeyCode: name.charCodeAt(0) };
}
