import { useState, type ReactNode } from 'react';
import { BASE_PATH } from '../base-path';
import { useLanguage } from '../language/language-context';
import { Menu, MenuGroup, MenuItem } from '../shell/menu';
import { useNotices } from '../shell/notices-context';
import { useLazyDialog } from '../shell/use-lazy-dialog';
import { deviceStorage } from '../storage';
import { addressOf, type ListOrBoardName } from './list-or-board';
import { viewOf, type OrdersView } from './orders-view';
import { parseViews, searchOf, withNewName, withoutView, withView, type SavedView } from './saved-views';

const STORAGE_KEY = 'mes.views';

const loadDialog = async () => (await import('./views-dialog')).ViewsDialog;

interface ViewsMenuProps {
  /** Where the views are shown. */
  readonly shown: ListOrBoardName;
  readonly view: OrdersView;
  readonly onChoose: (view: OrdersView) => void;
}

/** The menu of the views that this device keeps, and for sharing the one on the screen. */
export function ViewsMenu({ shown, view, onChoose }: ViewsMenuProps): ReactNode {
  const { t } = useLanguage();
  const { notify } = useNotices();
  const [views, setViews] = useState(readViews);
  const dialog = useLazyDialog(loadDialog);
  const search = searchOf(view);

  /** Changes the views, unless the change is refused. Another tab may have changed them too. */
  const change = (next: (views: readonly SavedView[]) => readonly SavedView[] | undefined): boolean => {
    const changed = next(readViews());
    if (!changed) return false;
    const isKept = deviceStorage.set(STORAGE_KEY, JSON.stringify(changed));
    if (!isKept) notify({ about: 'views', tone: 'bad', text: t('views.notKept') });
    setViews(changed);
    return true;
  };
  const copy = async (): Promise<void> => {
    const link = location.origin + BASE_PATH + addressOf(shown, view);
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
                void dialog.open();
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
      {dialog.Dialog && (
        <dialog.Dialog
          views={views}
          onSave={(name) => change((all) => withView(all, { name, search }))}
          onRename={(name, next) => change((all) => withNewName(all, name, next))}
          onDelete={(name) => {
            change((all) => withoutView(all, name));
          }}
          onClose={dialog.close}
        />
      )}
    </>
  );
}

function readViews(): readonly SavedView[] {
  return parseViews(deviceStorage.get(STORAGE_KEY) ?? '');
}
