/** Characters that end a password in a URL unless they are encoded. */
const HOW_TO_ENCODE = 'in the user name and the password, # / ? @ and % must be written as %23 %2F %3F %40 and %25';

/**
 * What is wrong with the URL of Redis, without its value, which may hold a password.
 *
 * @returns undefined if nothing is
 */
export function redisUrlComplaint(text: string): string | undefined {
  if (!/^rediss?:\/\/\S+$/.test(text)) return 'must be a redis:// or rediss:// URL';
  try {
    const { username, password, pathname, search, hash } = new URL(text);
    decodeURIComponent(username);
    decodeURIComponent(password);
    if (search !== '' || hash !== '') return `must have no ? or # after the address; ${HOW_TO_ENCODE}`;
    if (!/^\/?\d*$/.test(pathname))
      return `must have nothing but the number of a database after the address; ${HOW_TO_ENCODE}`;
    return undefined;
  } catch {
    return `is not a URL that can be read; ${HOW_TO_ENCODE}`;
  }
}
