import pg from 'pg';
import { parse } from 'pg-connection-string';

/** What a URL may say: where the server is, who connects, how it is encrypted, and what the session is called. */
const PARAMETERS = [
  'host',
  'port',
  'user',
  'password',
  'database',
  'ssl',
  'sslnegotiation',
  'enableChannelBinding',
  'application_name',
  'fallback_application_name',
  'options',
] as const;

/**
 * The part of a database URL that says how to reach the server. node-postgres takes every parameter of a URL for an option
 * of its own, and lets it win over the options of the program: `query_timeout=0`, `pipeline=true`.
 */
export function serverAddress(url: string): pg.ClientConfig {
  const parsed = parse(url) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(PARAMETERS.filter((name) => name in parsed).map((name) => [name, parsed[name]]));
}
