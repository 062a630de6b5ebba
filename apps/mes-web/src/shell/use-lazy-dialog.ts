import { useCallback, useState, type ComponentType } from 'react';
import { settledInTime } from '../api/connect';
import { useLanguage } from '../language/language-context';
import { useNotices } from './notices-context';

interface LazyDialog<P> {
  /** The dialog while it is open. */
  readonly Dialog: ComponentType<P> | undefined;
  readonly open: () => Promise<void>;
  readonly close: () => void;
}

/** A dialog that is not part of the first download. If it cannot be loaded, a notice says so. */
export function useLazyDialog<P>(load: () => Promise<ComponentType<P>>): LazyDialog<P> {
  const { t } = useLanguage();
  const { notify } = useNotices();
  const [Dialog, setDialog] = useState<ComponentType<P>>();
  const open = useCallback(async (): Promise<void> => {
    try {
      const loaded = await settledInTime(load());
      setDialog(() => loaded);
    } catch {
      notify({ about: 'dialog', tone: 'bad', text: t('unloaded') });
    }
  }, [load, notify, t]);
  const close = (): void => {
    setDialog(undefined);
  };
  return { Dialog, open, close };
}
