import { useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Menu, MenuGroup, MenuItem } from '../shell/menu';
import { useNotices } from '../shell/notices-context';
import { deviceStorage } from '../storage';
import { viewOf, type QueueView } from './queue-view';
import { parseViews, searchOf, withView, type SavedView } from './saved-views';
import { ViewsDialog } from './views-dialog';

const STORAGE_KEY = 'mes.views';

interface ViewsMenuProps {
  readonly view: QueueView;
  readonly onChoose: (view: QueueView) => void;
}

/** The menu of the views that this device keeps, and for sharing the one on the screen. */
export function ViewsMenu({ view, onChoose }: ViewsMenuProps): ReactNode {
  const { t } = useTranslation();
  const { notify } = useNotices();
  const [views, setViews] = useState(readViews);
  const dialog = useRef<HTMLDialogElement>(null);
  const search = searchOf(view);

  // Another tab may have changed them.
  const change = (next: (views: readonly SavedView[]) => readonly SavedView[]): void => {
    const changed = next(readViews());
    deviceStorage.set(STORAGE_KEY, JSON.stringify(changed));
    setViews(changed);
  };
  const copy = async (): Promise<void> => {
    const link = `${location.origin}/${search && `?${search}`}`;
    try {
      await navigator.clipboard.writeText(link);
      notify({ about: 'link', tone: 'good', text: t('views.copied') });
    } catch {
      // Without HTTPS, browsers have no clipboard.
      notify({ about: 'link', tone: 'bad', text: t('views.notCopied', { link }), isOpen: true });
    }
  };
  return (
    <>
      <Menu
        label={t('views.menu')}
        items={
          <>
            {views.length > 0 && (
              <MenuGroup label={t('views.saved')}>
                {views.map((one) => (
                  <MenuItem
                    key={one.name}
                    checked={one.search === search}
                    onChoose={() => {
                      onChoose(viewOf(new URLSearchParams(one.search)));
                    }}
                  >
                    <bdi>{one.name}</bdi>
                  </MenuItem>
                ))}
              </MenuGroup>
            )}
            <MenuItem
              onChoose={() => {
                setViews(readViews());
                dialog.current?.showModal();
              }}
            >
              {t('views.edit')}
            </MenuItem>
            <MenuItem onChoose={() => void copy()}>{t('views.copy')}</MenuItem>
          </>
        }
      >
        {t('views.menu')}
      </Menu>
      <ViewsDialog
        ref={dialog}
        views={views}
        onSave={(name) => {
          change((all) => withView(all, name, view));
        }}
        onChange={change}
      />
    </>
  );
}

function readViews(): readonly SavedView[] {
  return parseViews(deviceStorage.get(STORAGE_KEY) ?? '');
}
