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

/**
 * Time limit for every request, from its token to the last byte of its response, in milliseconds. The API itself gives up earlier.
 * For an event stream it is the limit until the response begins.
 */
export const TIME_LIMIT = 10_000;

defaults.baseUrl = API_URL;
defaults.fetch = fetchWithoutToken;

/**
 * Makes all calls of the generated client send the token. Without credentials, they send none.
 *
 * With `no-cache` the browser revalidates its cached responses by their entity tags, so unchanged ones come as a 304 without
 * a body.
 */
export function authenticateRequests(credentials: Credentials | undefined): void {
  defaults.fetch = credentials
    ? (input, init) =>
        fetchWithToken(credentials, input, { ...init, cache: 'no-cache', signal: inTime(init?.signal ?? undefined) })
    : fetchWithoutToken;
}

/** Opens a stream, which may last. Its response must begin within {@link TIME_LIMIT}. */
export async function openStream(credentials: Credentials, url: string, init: RequestInit): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DOMException('The response did not begin in time.', 'TimeoutError'));
  }, TIME_LIMIT);
  try {
    const signal = AbortSignal.any(init.signal ? [init.signal, late.signal] : [late.signal]);
    return await fetchWithToken(credentials, url, { ...init, cache: 'no-store', signal });
  } finally {
    clearTimeout(timer);
  }
}

function fetchWithoutToken(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  return fetch(input, { ...init, signal: inTime(init.signal ?? undefined) });
}

async function fetchWithToken(
  credentials: Credentials,
  input: RequestInfo | URL,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  const token = await unlessAborted(credentials.token(), init.signal);
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${token}`);
  const response = await fetch(input, { ...init, headers });
  if (response.status === 401) credentials.onRejected(token);
  return response;
}

function inTime(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(TIME_LIMIT);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
  return Promise.race([promise, aborted]);
}
