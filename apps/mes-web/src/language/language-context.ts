import i18next, { type TFunction } from 'i18next';
import { createContext, useContext } from 'react';
import { createFormats, type Formats } from './formats';

/** The language of the page, with its texts and formats. */
export interface PageLanguage {
  readonly language: string;
  /** The text with a name. */
  readonly t: TFunction;
  readonly formats: Formats;
}

/** The languages that the page has been in. All components share them: it takes longer to make formats than to draw a cell. */
const made = new Map<string, PageLanguage>();

/** The present language of the page: the same object until the language changes. */
export function presentLanguage(): PageLanguage {
  const { language } = i18next;
  const present = made.get(language) ?? { language, t: i18next.getFixedT(language), formats: createFormats(language) };
  made.set(language, present);
  return present;
}

export const LanguageContext = createContext<PageLanguage | undefined>(undefined);

/**
 * The language of the page, from the one subscription of `LanguageProvider`. With `useTranslation` of react-i18next, each cell of a
 * list had several of its own, which took a sixth of the script time until the list was shown.
 */
export function useLanguage(): PageLanguage {
  const language = useContext(LanguageContext);
  if (!language) throw new Error('useLanguage needs a LanguageProvider above');
  return language;
}
