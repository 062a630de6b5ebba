/**
 * Reads a list of origins, separated by commas, or `*` for all. Each is written as browsers do: in lower case, and without the port
 * that its scheme has anyway.
 *
 * @returns undefined if it is neither
 */
export function parseOrigins(text: string): readonly string[] | undefined {
  if (text === '') return [];
  if (text === '*') return [text];
  const origins = text.split(',').map((origin) => originOf(origin.trim()));
  return origins.every((origin) => origin !== undefined) ? origins : undefined;
}

function originOf(text: string): string | undefined {
  return /^https?:\/\/[^\s/?#@]+$/i.test(text) && URL.canParse(text) ? new URL(text).origin : undefined;
}
