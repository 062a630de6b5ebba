import { BASE_PATH } from '../base-path';
import { defaults } from './client';
import { compareClocks } from './clock';
import { Problem } from './problem';

/** The token of the signed-in user. */
export interface Credentials {
  /** The current access token. */
  token(): string;
  /**
   * Called when the API rejects a token. Only the API knows whether one is still good: the clock of the device may be wrong, and
   * while it sleeps, nothing renews the token.
   *
   * @returns another token, or undefined if the user has to sign in for one, so that the session ends
   * @throws if nobody can tell at the moment, so that the session goes on
   */
  renew(rejected: string): Promise<string | undefined>;
  /** Called when the API rejects a token that was renewed for it. */
  end(): void;
}

/** Where the API is: beside the page, unless the build sets `VITE_API_URL`. */
export const API_URL: string = (import.meta.env.VITE_API_URL as string | undefined) ?? BASE_PATH;

/**
 * Time limits for every request, from its token to the last byte of its response, in milliseconds. For an event stream, it is the
 * limit until the response begins.
 *
 * A read may be repeated, and its connection may be dead. For a write, the API itself gives up earlier than this.
 */
export const TIME_LIMITS = { read: 5_000, write: 10_000 };

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
    ? (input, init) => fetchWithToken(credentials, input, { ...init, cache: 'no-cache', signal: inTime(init) })
    : fetchWithoutToken;
}

/** Opens a stream, which may last. Its response must begin within the time limit of a read. */
export async function openStream(credentials: Credentials, url: string, init: RequestInit): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DOMException('The response did not begin in time.', 'TimeoutError'));
  }, TIME_LIMITS.read);
  try {
    const signal = AbortSignal.any(init.signal ? [init.signal, late.signal] : [late.signal]);
    return await fetchWithToken(credentials, url, { ...init, cache: 'no-store', signal });
  } finally {
    clearTimeout(timer);
  }
}

function fetchWithoutToken(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  return fetch(input, { ...init, signal: inTime(init) });
}

async function fetchWithToken(
  credentials: Credentials,
  input: RequestInfo | URL,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  const send = async (token: string): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${token}`);
    const response = await fetch(input, { ...init, headers });
    compareClocks(response);
    return response;
  };
  const token = credentials.token();
  const first = await send(token);
  if (first.status !== 401) return first;
  const renewed = await unlessAborted(credentials.renew(token), init.signal).catch(() => {
    throw Problem.withoutToken();
  });
  if (renewed === undefined) return first;
  // The API has done nothing for the first one.
  const second = await send(renewed);
  if (second.status === 401) credentials.end();
  return second;
}

function inTime({ method = 'GET', signal }: RequestInit = {}): AbortSignal {
  const limit = AbortSignal.timeout(method === 'GET' ? TIME_LIMITS.read : TIME_LIMITS.write);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

/**
 * Waits for something else than a request, for example a redirect that never settles, as long as for a write.
 *
 * @throws {DOMException} `TimeoutError`
 */
export function settledInTime<T>(promise: Promise<T>): Promise<T> {
  return unlessAborted(promise, AbortSignal.timeout(TIME_LIMITS.write));
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
