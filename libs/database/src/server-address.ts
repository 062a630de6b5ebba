import pg from 'pg';
import { parse } from 'pg-connection-string';

/** The accepted parameters of a URL: server, user, encryption, and the name of the session. */
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
 * The accepted part of a database URL. node-postgres would take every parameter, such as `query_timeout=0`, for an option that
 * wins over the options of the program.
 */
export function serverAddress(url: string): pg.ClientConfig {
  const parsed = parse(url) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(PARAMETERS.filter((name) => name in parsed).map((name) => [name, parsed[name]]));
}
