import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, LANGUAGES, type Language } from '../language/i18n';
import { chooseTheme, rememberedTheme, THEMES, type Theme } from './theme';

const NAMES: Readonly<Record<Language, string>> = { en: 'English', ru: 'Русский' };

/** The selectors of language and theme. */
export function Preferences(): ReactNode {
  const { t, i18n } = useTranslation();
  const [theme, setTheme] = useState(rememberedTheme);
  return (
    <div className="preferences">
      <select
        aria-label={t('preferences.language')}
        value={i18n.language}
        onChange={({ target }) => {
          chooseLanguage(target.value as Language);
        }}
      >
        {LANGUAGES.map((language) => (
          <option key={language} value={language} lang={language}>
            {NAMES[language]}
          </option>
        ))}
      </select>
      <select
        aria-label={t('preferences.theme')}
        value={theme}
        onChange={({ target }) => {
          const chosen = target.value as Theme;
          setTheme(chosen);
          chooseTheme(chosen);
        }}
      >
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {t(`preferences.themes.${name}`)}
          </option>
        ))}
      </select>
    </div>
  );
}
