/** SQLSTATE class 22, data exceptions: the message of PostgreSQL quotes the value. */
const DATA_EXCEPTION = '22';

/** The message and the stack of an error, for the log. Values that PostgreSQL quotes come from requests and are left out. */
export function describeError(error: unknown): { readonly message: string; readonly stack: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error), stack: undefined };
  const { code } = ((error as { driverError?: unknown }).driverError ?? error) as { code?: unknown };
  const isData = typeof code === 'string' && code.startsWith(DATA_EXCEPTION);
  // From the first to the last quote, because a value may contain quotes. lc_messages decides how PostgreSQL writes them.
  const value = isData ? /\p{Quotation_Mark}[^]*\p{Quotation_Mark}/u.exec(error.message)?.[0] : undefined;
  const withoutValue = (text: string): string => (value === undefined ? text : text.replaceAll(value, '"…"'));
  return {
    message: withoutValue(error.message),
    stack: error.stack === undefined ? undefined : withoutValue(error.stack),
  };
}
