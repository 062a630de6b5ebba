import type { Configuration } from '../config/configuration.js';
import { EnvironmentError } from '../config/environment-error.js';

/** Says why the API cannot listen, and what to do. Other errors stay as they are. */
export function explainListening(error: unknown, { host, port }: Pick<Configuration, 'host' | 'port'>): unknown {
  const { code } = error as { readonly code?: unknown };
  const message = typeof code === 'string' ? sentenceFor(code, host, port) : undefined;
  return message === undefined ? error : new EnvironmentError(`${message} (${String(code)})`, { cause: error });
}

function sentenceFor(code: string, host: string, port: number): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `PORT: another process listens on port ${port} of ${host}: end that process, or choose another port`;
    case 'EACCES':
      return `PORT: this user may not listen on port ${port}: choose one from 1024 on`;
    case 'EADDRNOTAVAIL':
      return `HOST: ${host} is no address of this machine: choose one that is, or 0.0.0.0 for all`;
    case 'EINVAL':
      return `HOST: nobody can listen on ${host} as it stands: add its interface, such as fe80::1%eth0, or choose 0.0.0.0 for all`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST: ${host} is not known: choose an address of this machine, or 0.0.0.0 for all`;
    default:
      return undefined;
  }
}
