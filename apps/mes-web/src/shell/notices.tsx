import { useCallback, useEffect, useEffectEvent, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NoticesContext, type Notice, type NoticeAction } from './notices-context';
import './notices.css';

/** The time for which a notice is shown, in milliseconds. */
const LIFETIME = 8_000;
/** The time for which a notice is shown that offers to do something. */
const LIFETIME_OF_OFFERS = 15_000;

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
      if (!notice.isOpen) setTimeout(dismiss, notice.action ? LIFETIME_OF_OFFERS : LIFETIME, id);
    },
    [dismiss],
  );
  const notices = useMemo(() => ({ notify }), [notify]);
  const run = (id: number, action: NoticeAction): void => {
    dismiss(id);
    action.run();
  };
  useUndoKey(() => {
    const last = shown.findLast(({ action }) => action?.isUndo);
    if (last?.action) run(last.id, last.action);
    return last !== undefined;
  });
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
                aria-label={action.name}
                aria-keyshortcuts={action.isUndo ? 'Control+Z' : undefined}
                title={action.isUndo ? 'Ctrl+Z' : undefined}
                onClick={() => {
                  run(id, action);
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

/**
 * Calls `undo` on Ctrl+Z, unless that belongs to a text field or a dialog.
 *
 * @param undo returns whether there was something to undo
 */
function useUndoKey(undo: () => boolean): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    const isUndo = event.code === 'KeyZ' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    if (!isUndo || event.repeat) return;
    if (event.target instanceof Element && event.target.closest('input, textarea, dialog')) return;
    if (undo()) event.preventDefault();
  });
  useEffect(() => {
    window.addEventListener('keydown', onKeyDown);
    return () => {
      window.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}

function withNotice(shown: readonly Shown[], added: Shown): readonly Shown[] {
  const all = [...shown.filter(({ about }) => about !== added.about), added];
  const passing = all.filter(({ isOpen }) => !isOpen).slice(-MAXIMUM);
  return all.filter((notice) => notice.isOpen === true || passing.includes(notice));
}
