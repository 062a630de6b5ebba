import { defaults } from './client';

/** The token of the signed-in user. */
export interface Credentials {
  /** Resolves with the current access token. */
  token(): Promise<string>;
  /** Called when the API rejects the token. */
  onRejected(token: string): void;
}

/** The origin of the API. Empty, which is the page’s own origin, unless the build sets `VITE_API_URL`. */
export const API_URL: string = (import.meta.env.VITE_API_URL as string | undefined) ?? '';

defaults.baseUrl = API_URL;

/**
 * Makes all calls of the generated client send the token.
 *
 * With `no-cache` the browser revalidates its cached responses by their entity tags, so unchanged ones come as a 304 without
 * a body.
 */
export function authenticateRequests(credentials: Credentials): void {
  defaults.fetch = (input, init) => fetchWithToken(credentials, input, { ...init, cache: 'no-cache' });
}

/** `fetch` with the token in the `Authorization` header. */
export async function fetchWithToken(
  credentials: Credentials,
  input: RequestInfo | URL,
  init: RequestInit,
): Promise<Response> {
  const token = await credentials.token();
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${token}`);
  const response = await fetch(input, { ...init, headers });
  if (response.status === 401) credentials.onRejected(token);
  return response;
}
