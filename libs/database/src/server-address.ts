import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { parse } from 'pg-connection-string';
import { DATABASE_DEFAULTS, sessionSettings } from './database-settings.js';

/** Parameters of a URL that say where PostgreSQL is, who signs in, and how the session is called. */
const ADDRESS = [
  'host',
  'port',
  'user',
  'password',
  'application_name',
  'fallback_application_name',
  'options',
  'enableChannelBinding',
  'sslnegotiation',
];

/** Parameters of a URL that name a file, and what it is for in a TLS connection. */
const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const;

const TLS = ['sslmode', ...Object.keys(FILES), 'ssl'];

/**
 * Parameters that have no effect: the session has settings of its own, or the client works in one way only. A URL that other programs
 * use as well may have them. Certificates are verified, so nothing is lost without channel binding.
 */
const IGNORED = [
  ...Object.keys(sessionSettings(DATABASE_DEFAULTS)),
  ...['connect_timeout', 'keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count'],
  ...['target_session_attrs', 'gssencmode', 'channel_binding'],
  ...['query_timeout', 'connectionTimeoutMillis', 'keepAlive', 'keepAliveInitialDelayMillis'],
  ...['pipeline', 'binary', 'replication', 'stream', 'connection', 'Promise'],
];

/**
 * Whether the values of `sslmode` use TLS, and how. As in node-postgres until version 8, all of PostgreSQL's modes with TLS verify the
 * certificate and the name of the host: none is weaker than it looks.
 */
const SSL_MODES = new Map<string, ConnectionOptions | false>([
  ['disable', false],
  ['no-verify', { rejectUnauthorized: false }],
  ...['prefer', 'require', 'verify-ca', 'verify-full'].map((mode) => [mode, {}] as const),
]);

const SSL = new Map<string, ConnectionOptions | boolean>([
  ...['true', '1'].map((text) => [text, true] as const),
  ...['false', '0'].map((text) => [text, false] as const),
  ['no-verify', { rejectUnauthorized: false }],
]);

/** Characters that end a password in a URL unless they are encoded. */
const HOW_TO_ENCODE = 'in the user name and the password, # / ? @ and % must be written as %23 %2F %3F %40 and %25';

/** A URL of PostgreSQL cannot be used. The message is the end of a sentence about the setting, and leaves out the URL. */
export class DatabaseUrlError extends Error {
  override readonly name = 'DatabaseUrlError';
}

/**
 * What a database URL says. node-postgres would take every parameter, such as `query_timeout=0`, for an option that wins over the
 * options of the program, and would connect without TLS if the name of a parameter is wrong.
 *
 * @throws {DatabaseUrlError}
 */
export function serverAddress(url: string): pg.ClientConfig {
  if (!/^postgres(ql)?:\/\/\S+$/.test(url)) throw new DatabaseUrlError('must be a postgres:// URL');
  if (url.includes('#')) throw new DatabaseUrlError(`must have no #; ${HOW_TO_ENCODE}`);
  const [, base = '', query = ''] = /^([^?]*)\??(.*)$/.exec(url) ?? [];
  const parameters = new Map(new URLSearchParams(query));
  assertKnown([...parameters.keys()], query);
  const chosen = [...parameters].filter(([name, value]) => ADDRESS.includes(name) && value !== '');
  const address: Record<string, string> = { ...parseBase(base), ...Object.fromEntries(chosen) };
  assertOneServer(address.host, address.port);
  const ssl = tlsOf(parameters);
  return { ...address, ...(ssl === undefined ? {} : { ssl }) };
}

function assertKnown(names: readonly string[], query: string): void {
  const unknown = names.find((name) => ![...ADDRESS, ...TLS, ...IGNORED].includes(name));
  if (unknown === undefined) return;
  // Behind a ? that is not encoded is the rest of a password.
  if (query.includes('@') || !/^\w+$/.test(unknown)) {
    throw new DatabaseUrlError(`is not a URL that can be read; ${HOW_TO_ENCODE}`);
  }
  throw new DatabaseUrlError(
    `has a parameter ${unknown} that is not known: correct or remove it; the known ones are ${[...ADDRESS, ...TLS].join(', ')}`,
  );
}

/** What a URL without parameters says. */
function parseBase(url: string): Readonly<Record<string, string>> {
  try {
    return { ...parse(url) } as Record<string, string>;
  } catch {
    const [, hosts = '', rest = ''] = /^[^:]*:\/\/(?:[^/]*@)?([^/]*)(.*)$/.exec(url) ?? [];
    // The host that seems to be is the begin of a password.
    if (!rest.includes('@')) assertOneServer(hosts, /:([^:\]]*)$/.exec(hosts)?.[1]);
    throw new DatabaseUrlError(`is not a URL that can be read; ${HOW_TO_ENCODE}`);
  }
}

function assertOneServer(host = '', port = ''): void {
  if (`${host}${port}`.includes(',')) {
    throw new DatabaseUrlError('must name one host: that of the primary, or one that leads to it');
  }
  if (port !== '' && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    throw new DatabaseUrlError('has a port that is not a number from 1 to 65535');
  }
}

/** Undefined if the URL says nothing about TLS. */
function tlsOf(parameters: ReadonlyMap<string, string>): ConnectionOptions | boolean | undefined {
  const mode = valueOf(parameters, 'sslmode', SSL_MODES);
  const files = Object.entries(FILES).filter(([name]) => parameters.has(name));
  if (mode === false) return false;
  if (mode === undefined && files.length === 0) {
    const ssl = valueOf(parameters, 'ssl', SSL);
    return ssl ?? (parameters.get('sslnegotiation') === 'direct' ? true : tlsOfEnvironment());
  }
  const contents: Partial<Record<(typeof FILES)[keyof typeof FILES], string>> = Object.fromEntries(
    files.map(([name, use]) => [use, read(name, parameters.get(name) ?? '')]),
  );
  assertUsable(contents);
  return { ...mode, ...contents };
}

/** Node takes no notice of an authority that is none, and would then say that the certificate of the server is not trusted. */
function assertUsable({ ca, ...own }: { readonly ca?: string; readonly cert?: string; readonly key?: string }): void {
  try {
    if (ca !== undefined) new X509Certificate(ca);
  } catch {
    throw new DatabaseUrlError('names a file in sslrootcert that is no certificate in PEM');
  }
  try {
    createSecureContext(own);
  } catch {
    throw new DatabaseUrlError(
      'names files in sslcert and sslkey that are not a certificate and its key, in PEM and without a passphrase',
    );
  }
}

/** What `PGSSLMODE` says. node-postgres reads it as well, and would connect without TLS if its value is wrong. */
function tlsOfEnvironment(): ConnectionOptions | false | undefined {
  const { PGSSLMODE: mode = '' } = process.env;
  return mode === '' ? undefined : valueOf(new Map([['PGSSLMODE', mode]]), 'PGSSLMODE', SSL_MODES);
}

function valueOf<T>(
  parameters: ReadonlyMap<string, string>,
  name: string,
  values: ReadonlyMap<string, T>,
): T | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  const value = values.get(text);
  if (value === undefined) throw new DatabaseUrlError(`must have one of ${[...values.keys()].join(', ')} in ${name}`);
  return value;
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DatabaseUrlError(`names a file in ${name} that cannot be read (${String(code)})`);
  }
}
