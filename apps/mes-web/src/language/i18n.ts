import i18next from 'i18next';
import { deviceStorage } from '../storage';
import type en from './en.json';

type Texts = typeof en;

declare module 'i18next' {
  /** Makes the compiler refuse names of texts that do not exist. */
  interface CustomTypeOptions {
    resources: { translation: Texts };
  }
}

export const LANGUAGES = ['en', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];

/** `start.js` reads the same key before the scripts of the build run. */
const STORAGE_KEY = 'mes.language';

/** Each language is a file, so that nobody loads the other one. */
const FILES: Readonly<Record<Language, () => Promise<{ readonly default: object }>>> = {
  en: () => import('./en.json'),
  ru: () => import('./ru.json'),
};

/** The texts in the language of the page. */
let shown: Texts;

/** The language that the user has chosen last. Its texts may still be loading. */
let chosen: Language | undefined;

/**
 * Starts i18next in the language that `start.js` has chosen for the document.
 *
 * @throws if the texts cannot be loaded
 */
export async function startInLanguage(): Promise<void> {
  const language = LANGUAGES.find((one) => one === document.documentElement.lang) ?? 'en';
  shown = await load(language);
  i18next.on('languageChanged', (next) => {
    document.documentElement.lang = next;
    document.title = i18next.t('title');
  });
  await i18next.init({
    resources: { [language]: { translation: shown } },
    lng: language,
    fallbackLng: false,
    interpolation: { escapeValue: false },
    showSupportNotice: false,
  });
}

/** @throws if the texts cannot be loaded. The page then stays in its present language, and starts in it. */
export async function chooseLanguage(language: Language): Promise<void> {
  chosen = language;
  const texts = await load(language);
  if (chosen !== language) return;
  shown = texts;
  i18next.addResourceBundle(language, 'translation', texts);
  deviceStorage.set(STORAGE_KEY, language);
  await i18next.changeLanguage(language);
}

/** The texts in the language of the page, without i18next: it may be what has failed. */
export function plainTexts(): Texts {
  return shown;
}

async function load(language: Language): Promise<Texts> {
  return (await FILES[language]()).default as Texts;
}
