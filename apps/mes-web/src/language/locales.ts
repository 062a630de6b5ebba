/** The locales that the user prefers, without those that `Intl` does not accept, such as `en-US@posix` of some Linux systems. */
export function preferredLocales(): readonly string[] {
  // Browsers have both, but programs that imitate one, and some kiosks, do not.
  const { languages, language } = navigator as Partial<Pick<Navigator, 'languages' | 'language'>>;
  return [...(languages ?? []), language].filter((locale) => locale !== undefined).filter(isValid);
}

function isValid(locale: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale).length > 0;
  } catch {
    return false;
  }
}
