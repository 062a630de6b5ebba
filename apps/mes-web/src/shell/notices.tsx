import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { useLanguage } from '../language/language-context';
import { useUppermostModal } from './modals';
import { NoticesContext, type Notice, type NoticeAction } from './notices-context';
import { isStepUnderWay } from './steps-under-way';
import { useJustChanged } from './use-just-changed';
import './notices.css';

/** The time for which a notice is shown, in milliseconds. It starts again while somebody is at the notices or nobody can see them. */
const LIFETIME = 8_000;
/** The time for which a notice is shown that offers to do something. */
const LIFETIME_OF_OFFERS = 15_000;

/** The number of notices that are shown at once, besides those that stay. */
const MAXIMUM = 4;

interface Shown extends Notice {
  /** Later notices have greater ones. */
  readonly id: number;
}

interface NoticesProviderProps {
  readonly children: ReactNode;
}

/**
 * Provides `notify` to its children, and shows the notices. Screen readers read them out. While a modal dialog is open, they are in it:
 * outside of it, nobody could press their buttons.
 */
export function NoticesProvider({ children }: NoticesProviderProps): ReactNode {
  const { t } = useLanguage();
  const [shown, setShown] = useState<readonly Shown[]>([]);
  const stack = useRef<HTMLDivElement>(null);
  const lastId = useRef(0);
  const wasHiddenAt = useRef(-Infinity);
  useEffect(() => {
    const onVisibilityChange = (): void => {
      wasHiddenAt.current = performance.now();
    };
    document.addEventListener('visibilitychange', onVisibilityChange);
    return () => {
      document.removeEventListener('visibilitychange', onVisibilityChange);
    };
  }, []);
  // The number of sessions that have ended.
  const [ended, setEnded] = useState(0);
  const lastEnded = useRef(0);
  /** The sessions before this one have ended by signing out. What becomes of their last steps is not for the next user. */
  const signedOut = useRef(0);

  const dismiss = useCallback((id: number) => {
    setShown((last) => last.filter((notice) => notice.id !== id));
  }, []);
  const notices = useMemo(() => {
    const notify = (notice: Notice): void => {
      if (ended < signedOut.current) return;
      lastId.current += 1;
      const id = lastId.current;
      // What the user of an ended session may do is not for the next one.
      const offered = lastEnded.current === ended ? notice : { ...notice, action: undefined };
      setShown((last) => withNotice(last, { ...offered, id }));
      if (notice.isOpen) return;
      const lifetime = notice.action ? LIFETIME_OF_OFFERS : LIFETIME;
      const dismissUnattended = (): void => {
        const isUnseen = document.hidden || performance.now() - wasHiddenAt.current < lifetime;
        if (isUnseen || stack.current?.matches(':hover, :focus-within')) start();
        else dismiss(id);
      };
      const start = (): void => {
        setTimeout(dismissUnattended, lifetime);
      };
      start();
    };
    const endSession = (): void => {
      lastEnded.current += 1;
      setEnded(lastEnded.current);
      setShown((last) => last.map((notice) => ({ ...notice, action: undefined })));
    };
    const clear = (): void => {
      signedOut.current = lastEnded.current;
      setShown([]);
    };
    return { notify, endSession, clear };
  }, [dismiss, ended]);
  const run = (id: number, action: NoticeAction): void => {
    dismiss(id);
    action.run();
  };
  useUndoKey(() => {
    const [last] = shown.filter(({ action, isFinal }) => action?.isUndo ?? isFinal).sort((a, b) => b.id - a.id);
    // Whoever presses the keys means the step that was asked for last.
    if (!last?.action || isStepUnderWay()) return false;
    run(last.id, last.action);
    return true;
  });
  const isSettling = useJustChanged(useDropped(shown));
  const modal = useUppermostModal();
  return (
    <NoticesContext value={notices}>
      {children}
      {modal ? createPortal(renderStack(), modal) : renderStack()}
    </NoticesContext>
  );

  function renderStack(): ReactNode {
    return (
      <div
        ref={stack}
        className={isSettling ? 'notices settling' : 'notices'}
        role="log"
        aria-label={t('notice.label')}
        aria-live="polite"
      >
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
    );
  }
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

/** The number of notices that have gone, so that those above them have moved down. */
function useDropped(shown: readonly Shown[]): number {
  const [{ last, dropped }, setState] = useState({ last: shown, dropped: 0 });
  if (last !== shown) {
    const isDropped = last.some(({ id }) => !shown.some((notice) => notice.id === id));
    setState({ last: shown, dropped: isDropped ? dropped + 1 : dropped });
  }
  return dropped;
}

/** The notices with one more. It takes the place of an earlier one about the same thing, or stands above all others. */
function withNotice(shown: readonly Shown[], added: Shown): readonly Shown[] {
  const place = shown.findIndex(({ about }) => about === added.about);
  const all = place < 0 ? [added, ...shown] : shown.with(place, added);
  const passing = all.filter(({ isOpen }) => !isOpen).slice(0, MAXIMUM);
  return all.filter((notice) => notice.isOpen === true || passing.includes(notice));
}
