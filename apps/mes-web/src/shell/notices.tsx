import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NoticesContext, type Notice } from './notices-context';
import './notices.css';

/** The time for which a notice is shown, in milliseconds. */
const LIFETIME = 8_000;

/** The number of notices that are shown at once, besides those that stay. */
const MAXIMUM = 4;

interface Shown extends Notice {
  readonly id: number;
}

interface NoticesProviderProps {
  readonly children: ReactNode;
}

/** Provides `notify` to its children, and shows the notices. Screen readers read them out. */
export function NoticesProvider({ children }: NoticesProviderProps): ReactNode {
  const { t } = useTranslation();
  const [shown, setShown] = useState<readonly Shown[]>([]);

  const dismiss = useCallback((id: number) => {
    setShown((last) => last.filter((notice) => notice.id !== id));
  }, []);
  const notify = useCallback(
    (notice: Notice) => {
      const id = performance.now() + Math.random();
      setShown((last) => withNotice(last, { ...notice, id }));
      if (!notice.isOpen) setTimeout(dismiss, LIFETIME, id);
    },
    [dismiss],
  );
  const notices = useMemo(() => ({ notify }), [notify]);
  return (
    <NoticesContext value={notices}>
      {children}
      <div className="notices" role="log" aria-label={t('notice.label')} aria-live="polite">
        {shown.map(({ id, tone, text, action }) => (
          <div key={id} className={`notice notice-${tone}`}>
            <span>{text}</span>
            {action && (
              <button
                type="button"
                onClick={() => {
                  dismiss(id);
                  action.run();
                }}
              >
                {action.label}
              </button>
            )}
            <button
              type="button"
              className="plain"
              aria-label={t('notice.close')}
              onClick={() => {
                dismiss(id);
              }}
            >
              ×
            </button>
          </div>
        ))}
      </div>
    </NoticesContext>
  );
}

function withNotice(shown: readonly Shown[], added: Shown): readonly Shown[] {
  const all = [...shown.filter(({ about }) => about !== added.about), added];
  const passing = all.filter(({ isOpen }) => !isOpen).slice(-MAXIMUM);
  return all.filter((notice) => notice.isOpen === true || passing.includes(notice));
}
