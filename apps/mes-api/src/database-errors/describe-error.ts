/** Class 22 of SQLSTATE, data exceptions: PostgreSQL says in quotes which value it could not read. */
const DATA_EXCEPTION = '22';

/** What may be said of an error in the log. Values that PostgreSQL quotes are what somebody sent, and are left out. */
export function describeError(error: unknown): { readonly message: string; readonly stack: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error), stack: undefined };
  const { code } = ((error as { driverError?: unknown }).driverError ?? error) as { code?: unknown };
  const isData = typeof code === 'string' && code.startsWith(DATA_EXCEPTION);
  // From the first quote to the last one, since a value may have quotes of its own.
  const value = isData ? /"[^]*"/.exec(error.message)?.[0] : undefined;
  const told = (text: string): string => (value === undefined ? text : text.replaceAll(value, '"…"'));
  return { message: told(error.message), stack: error.stack === undefined ? undefined : told(error.stack) };
}
