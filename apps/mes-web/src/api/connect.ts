import { defaults } from './client';

/** What the API wants to know of whoever calls it. */
export interface Credentials {
  /** A token that is still good, or the promise of one. */
  token(): Promise<string>;
  /** The API does not accept the token. */
  onRefused(token: string): void;
}

/** Where the API is: at the same place as the page, unless the page was built for another one. */
export const API_URL: string = (import.meta.env.VITE_API_URL as string | undefined) ?? '';

defaults.baseUrl = API_URL;

/**
 * Has all calls of the API made in the name of somebody.
 *
 * Answers that the browser has already are asked for again by their entity tags, which `no-cache` makes it do: they come with
 * 304 and without a body when nothing has changed.
 */
export function callInTheNameOf(credentials: Credentials): void {
  defaults.fetch = (input, init) => fetchAs(credentials, input, { ...init, cache: 'no-cache' });
}

/** Like `fetch`, in the name of somebody. */
export async function fetchAs(
  credentials: Credentials,
  input: RequestInfo | URL,
  init: RequestInit,
): Promise<Response> {
  const token = await credentials.token();
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${token}`);
  const response = await fetch(input, { ...init, headers });
  if (response.status === 401) credentials.onRefused(token);
  return response;
}
