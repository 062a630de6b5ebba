import { useState, type ReactNode } from 'react';
import { settledInTime } from '../api/connect';
import { chooseLanguage, LANGUAGES, type Language } from '../language/i18n';
import { useLanguage } from '../language/language-context';
import { Menu, MenuGroup, MenuItem } from './menu';
import { useNotices } from './notices-context';
import { reloadOnce } from './reload-once';
import { chooseTheme, rememberedTheme, THEMES } from './theme';

const NAMES: Readonly<Record<Language, string>> = { en: 'English', ru: 'Русский' };

/** The menu of language and theme, for somebody who is not signed in. */
export function Preferences(): ReactNode {
  const { t } = useLanguage();
  return (
    <Menu label={t('preferences.menu')} items={<PreferenceItems />}>
      {t('preferences.menu')}
    </Menu>
  );
}

interface UserMenuProps {
  readonly name: string;
  readonly onSignOut: () => void;
}

/** The menu of the user: language, theme and signing out. */
export function UserMenu({ name, onSignOut }: UserMenuProps): ReactNode {
  const { t } = useLanguage();
  return (
    <Menu
      label={t('preferences.user', { name })}
      items={
        <>
          <PreferenceItems />
          <MenuItem onChoose={onSignOut}>{t('navigation.signOut')}</MenuItem>
        </>
      }
    >
      <bdi className="subject">{name}</bdi>
      <span className="initial" aria-hidden="true">
        {name.slice(0, 1).toLocaleUpperCase()}
      </span>
    </Menu>
  );
}

function PreferenceItems(): ReactNode {
  const { t, language: shown } = useLanguage();
  const { notify } = useNotices();
  const [theme, setTheme] = useState(rememberedTheme);
  const choose = async (language: Language): Promise<void> => {
    try {
      await settledInTime(chooseLanguage(language));
    } catch {
      if (!(await reloadOnce())) notify({ about: 'language', tone: 'bad', text: t('unloaded') });
    }
  };
  return (
    <>
      <MenuGroup label={t('preferences.language')}>
        {LANGUAGES.map((language) => (
          <MenuItem key={language} lang={language} checked={language === shown} onChoose={() => void choose(language)}>
            {NAMES[language]}
          </MenuItem>
        ))}
      </MenuGroup>
      <MenuGroup label={t('preferences.theme')}>
        {THEMES.map((name) => (
          <MenuItem
            key={name}
            checked={theme === name}
            onChoose={() => {
              setTheme(name);
              chooseTheme(name);
            }}
          >
            {t(`preferences.themes.${name}`)}
          </MenuItem>
        ))}
      </MenuGroup>
    </>
  );
}
