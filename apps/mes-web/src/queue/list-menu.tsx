import type { ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { Menu, MenuGroup, MenuItem } from '../shell/menu';
import { COLUMNS, DENSITIES, type ListPreferences } from './list-layout';

interface ListMenuProps {
  readonly preferences: ListPreferences;
  readonly onChange: (preferences: ListPreferences) => void;
}

/** The menu of density and columns, and for printing the list. */
export function ListMenu({ preferences, onChange }: ListMenuProps): ReactNode {
  const { t } = useLanguage();
  const { density, hidden } = preferences;
  return (
    <Menu
      label={t('view.menu')}
      items={
        <>
          <MenuGroup label={t('view.density')}>
            {DENSITIES.map((one) => (
              <MenuItem
                key={one}
                checked={one === density}
                onChoose={() => {
                  onChange({ ...preferences, density: one });
                }}
              >
                {t(`view.${one}`)}
              </MenuItem>
            ))}
          </MenuGroup>
          <MenuGroup label={t('view.columns')}>
            {COLUMNS.filter((column) => column !== 'number').map((column) => (
              <MenuItem
                key={column}
                many
                checked={!hidden.includes(column)}
                onChoose={() => {
                  const others = hidden.filter((one) => one !== column);
                  onChange({ ...preferences, hidden: others.length < hidden.length ? others : [...hidden, column] });
                }}
              >
                {t(`order.${column}`)}
              </MenuItem>
            ))}
          </MenuGroup>
          <MenuItem
            onChoose={() => {
              print();
            }}
          >
            {t('print.list')}
          </MenuItem>
        </>
      }
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M3 7h9m6 0h3M3 17h3m6 0h9" />
        <circle cx="15" cy="7" r="3" />
        <circle cx="9" cy="17" r="3" />
      </svg>
      <span>{t('view.menu')}</span>
    </Menu>
  );
}
