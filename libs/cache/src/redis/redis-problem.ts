import { DeadlineExceededError } from '../flow/deadline.js';
import type { StoreProblem } from '../versions/store-problem.js';
import { StoreRefusedError } from '../versions/version-store.js';

/** What was being done when an error came. */
export interface Circumstances {
  /** What the user has to correct: the name of the setting with the address. */
  readonly setting: string;
  /** Whether the connection is encrypted. */
  readonly usesTls: boolean;
  /** Whether the setting names several nodes of a cluster. */
  readonly isCluster: boolean;
  /** Whether Redis has let this client in. */
  readonly isConnected: boolean;
}

/** A kind of error, and how to say it. `SETTING` stands for the name of the setting. */
type Rule = readonly [sign: RegExp, kind: StoreProblem['kind'], message: string];

/**
 * By what Redis replies, which begins with a word for the kind of the error. What a sentinel replies has its name before it. Some are
 * errors of Node, about a client of the application.
 */
const BY_REPLY: readonly Rule[] = [
  [
    /^(sentinel: )?unexpected reply/,
    'unreachable',
    'the server at the address in SETTING does not answer as Redis does: correct the address, or look at the proxies on the way',
  ],
  [
    /^sentinel: (NOAUTH|WRONGPASS|NOPERM|ERR (AUTH|Client sent AUTH))/,
    'login',
    'the sentinels refuse the login: correct sentinelUsername and sentinelPassword in SETTING',
  ],
  [
    /^sentinel: ERR unknown command/,
    'sentinel',
    'this is no sentinel: name the ports of the sentinels in SETTING, or a Redis with redis://',
  ],
  [/^sentinel: no primary/, 'sentinel', 'the sentinels watch no primary with the name in SETTING: correct the name'],
  [/^NOAUTH/, 'login', 'Redis requires a password: add it to SETTING'],
  [/^WRONGPASS/, 'login', 'Redis refuses the user name or the password: correct them in SETTING'],
  [
    /^ERR (AUTH|Client sent AUTH)/,
    'login',
    'Redis has no password, but one is given: remove it from SETTING, or set it in Redis',
  ],
  [
    /^NOPERM|user executing the script can't/,
    'rights',
    'the user of Redis lacks rights: give it the commands and keys that the documentation lists',
  ],
  [/^READONLY/, 'read-only', 'this Redis is a replica: name the primary in SETTING'],
  [
    /^OOM/,
    'read-only',
    'the memory of Redis is full and nothing may be evicted: raise maxmemory, or set maxmemory-policy to volatile-lru',
  ],
  [
    /^MISCONF/,
    'read-only',
    'Redis cannot save to its disk and therefore refuses writes: repair that, or turn saving off',
  ],
  [/^NOREPLICAS/, 'read-only', 'Redis refuses writes because it has too few replicas: repair them'],
  [/^CLUSTERDOWN The cluster is down/, 'cluster', 'the cluster is down because it lacks nodes: repair it'],
  [
    /^(MOVED|ASK|CLUSTERDOWN|CROSSSLOT|TRYAGAIN)\b/,
    'cluster',
    'this Redis is a node of a cluster: name several of its nodes in SETTING, separated by commas',
  ],
  [
    /^ERR This instance has cluster support disabled/,
    'cluster',
    'several hosts mean a Redis Cluster, but this Redis is in none: name one host in SETTING',
  ],
  [/^no node of the cluster owns slot/, 'cluster', 'the cluster lacks nodes, so that nobody has the keys: repair it'],
  [
    /^Socket already opened|is not a function$|^Cannot read properties of/,
    'error',
    'SETTING must make a new client of the redis package, version 4, with the options that it is given',
  ],
  [/^MASTERDOWN/, 'read-only', 'this Redis is a replica without its primary: name the primary in SETTING'],
  [/^BUSY /, 'silent', 'Redis is busy with a script of somebody: wait, or end it by SCRIPT KILL'],
  [/^LOADING/, 'error', 'Redis is loading its data: wait'],
  [/^ERR max number of clients/, 'error', 'Redis has too many clients: raise maxclients'],
  [/^ERR (DB index|invalid DB)/, 'url', 'Redis has no database with this number: correct SETTING'],
  [/^DENIED/, 'login', 'Redis is in protected mode, and refuses other machines: set a password there, and in SETTING'],
  [
    /^ERR unknown command|Unknown Redis command/,
    'error',
    'Redis refuses a command that the cache needs: allow it there if it is disabled or renamed, or use Redis 7 or newer',
  ],
];

/** By the code that Node gives to errors of sockets and of TLS. */
const BY_CODE: readonly Rule[] = [
  [
    /^ECONNREFUSED$/,
    'unreachable',
    'nothing listens at the address in SETTING: start Redis there, or correct the address',
  ],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'unreachable', 'the host in SETTING is not known: correct its name'],
  [
    /^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL)$/,
    'unreachable',
    'no way leads to the address in SETTING: correct it, or look at the network',
  ],
  [
    /^ERR_SSL_[\w/]+_ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/,
    'tls',
    'the server refuses the TLS of this client: if it requires certificates of its clients, set tls-auth-clients no there',
  ],
  [/^(EPROTO|ERR_SSL_.*)$/, 'tls', 'the server does not speak TLS as expected: correct SETTING'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'tls', 'the certificate of Redis is for another host: name that host in SETTING'],
  [/^CERT_HAS_EXPIRED$/, 'tls', 'the certificate of Redis has expired: renew it'],
  [
    /CERT|UNABLE_TO_VERIFY/,
    'tls',
    'the certificate of Redis is not trusted: name the file with its authority in NODE_EXTRA_CA_CERTS',
  ],
];

/** Says what is wrong with Redis, and what to do. */
export function problemOf(error: unknown, circumstances: Circumstances): StoreProblem {
  if (error instanceof StoreRefusedError) return { kind: 'refused', message: error.message };
  const detail = messageOf(error);
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  if (circumstances.isCluster && /^(MOVED|ASK|TRYAGAIN)\b/.test(detail)) {
    return { kind: 'cluster', message: 'the keys move to another node of the cluster: wait', detail };
  }
  const rule =
    BY_REPLY.find(([sign]) => sign.test(detail)) ??
    BY_CODE.find(([sign]) => typeof code === 'string' && sign.test(code));
  if (rule) {
    const [, kind, message] = rule;
    return { kind, message: message.replaceAll('SETTING', () => circumstances.setting), detail };
  }
  if (error instanceof DeadlineExceededError || /timeout/i.test(detail)) return { ...silence(circumstances), detail };
  if (/closed|ended|ECONNRESET|EPIPE/.test(detail)) return { ...closing(circumstances), detail };
  return { kind: 'error', message: 'Redis cannot be used: look at its log', detail };
}

function silence({ setting, usesTls, isConnected }: Circumstances): StoreProblem {
  if (isConnected) {
    return { kind: 'silent', message: 'Redis does not answer in time: look at its load and at the network' };
  }
  if (usesTls) {
    const message = `the server does not answer as one with TLS: if it uses none, write redis:// in ${setting}`;
    return { kind: 'tls', message };
  }
  return {
    kind: 'unreachable',
    message: `no Redis answers at the address in ${setting}: correct it, or look at the network`,
  };
}

function closing({ setting, usesTls, isConnected }: Circumstances): StoreProblem {
  if (isConnected) return { kind: 'closed', message: 'the connection to Redis broke: see whether Redis was restarted' };
  // A server that refuses a client at once need not say why, or the client does not wait for it.
  const causes = usesTls
    ? `uses no TLS (then write redis:// in ${setting}), requires certificates of its clients (then set tls-auth-clients no there)`
    : `requires TLS (then write rediss:// in ${setting}), is in protected mode (then set a password)`;
  return {
    kind: 'closed',
    message: `the server closes new connections: it is no Redis, ${causes}, or has too many clients (maxclients)`,
  };
}

/** The error, without the arguments of a command that Redis may quote. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return message.replace(/,? with args beginning with:[^]*$/, '');
}
