import type { Page } from 'playwright-core';

/** A response that the API has made, and that the page does not have yet. */
export interface HeldResponse {
  /** Resolves when the API has answered. */
  readonly answered: Promise<void>;
  /** Gives the response to the page. */
  readonly release: () => void;
}

/** Holds the response to the next request for an address, which may have wildcards. */
export async function holdResponse(page: Page, address: string): Promise<HeldResponse> {
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(
    address,
    async (route) => {
      const response = await route.fetch();
      answer();
      await released;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  return { answered, release };
}
