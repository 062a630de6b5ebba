import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en.json';
import ru from './ru.json';
import { deviceStorage } from '../storage';
import { preferredLocales } from './locales';

declare module 'i18next' {
  /** Makes the compiler refuse names of texts that do not exist. */
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

export const LANGUAGES = ['en', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];

const STORAGE_KEY = 'mes.language';

/** Starts i18next with the chosen language, or with the browser's if none was chosen. */
export async function startInLanguage(): Promise<void> {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language;
    document.title = i18next.t('title');
  });
  await i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, ru: { translation: ru } },
    lng: rememberedLanguage() ?? preferredLanguage(),
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
    showSupportNotice: false,
  });
}

export function chooseLanguage(language: Language): void {
  deviceStorage.set(STORAGE_KEY, language);
  void i18next.changeLanguage(language);
}

function rememberedLanguage(): Language | undefined {
  const remembered = deviceStorage.get(STORAGE_KEY);
  return LANGUAGES.find((language) => language === remembered);
}

function preferredLanguage(): Language {
  return preferredLocales().some((locale) => locale.startsWith('ru')) ? 'ru' : 'en';
}
