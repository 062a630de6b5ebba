import { serverAddress } from './server-address.js';

/** Parameters of a URL that name a file. */
const FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const;

/** Characters that end a password in a URL unless they are encoded. */
const HOW_TO_ENCODE = 'in the user name and the password, # / ? @ and % must be written as %23 %2F %3F %40 and %25';

/**
 * What is wrong with the URL of a database, as a part of a sentence after the name of the setting, without the value, which may
 * hold a password.
 *
 * @returns undefined if nothing is
 * @publicApi
 */
export function databaseUrlComplaint(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\/\S+$/.test(text)) return 'must be a postgres:// URL';
  try {
    serverAddress(text);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const parameters = new URLSearchParams(text.slice(text.indexOf('?')));
    const file = FILES.find((name) => path !== undefined && parameters.get(name) === path);
    if (file !== undefined) return `names a file in ${file} that cannot be read (${String(code)})`;
    return `is not a URL that can be read; ${HOW_TO_ENCODE}`;
  }
  return text.includes('#') ? `must have no #; ${HOW_TO_ENCODE}` : undefined;
}
