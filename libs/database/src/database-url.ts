import { DatabaseUrlError, serverAddress } from './server-address.js';

/**
 * What is wrong with the URL of a database, as a part of a sentence after the name of the setting, without the value, which may
 * hold a password.
 *
 * @returns undefined if nothing is
 * @publicApi
 */
export function databaseUrlComplaint(text: string): string | undefined {
  try {
    serverAddress(text);
    return undefined;
  } catch (error) {
    if (error instanceof DatabaseUrlError) return error.message;
    throw error;
  }
}
