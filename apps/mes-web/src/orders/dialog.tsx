import { useEffect, useId, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { openModal } from '../shell/modals';
import './dialog.css';

interface DialogProps {
  readonly title: string;
  /** What has the focus at first. At the heading, a key that is still held down presses nothing. */
  readonly focus: 'heading' | 'field';
  /** The text of the button that closes the dialog. By default, it says that nothing is changed. */
  readonly closeText?: string;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  /** The dialog was dismissed. */
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A modal dialog. It is open as long as it is rendered; the focus then returns to where it was. */
export function Dialog({ title, focus, closeText, onKeyDown, onClose, children }: DialogProps): ReactNode {
  const { t } = useLanguage();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const titleId = useId();

  // Closing gives the focus back, if it happens before the dialog is removed.
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (!shown) return;
    const forget = openModal(shown);
    return () => {
      shown.close();
      forget();
    };
  }, []);
  useEffect(() => {
    const field = focus === 'field' ? dialog.current?.querySelector<HTMLElement>('input, textarea') : undefined;
    (field ?? heading.current)?.focus();
  }, [focus]);

  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={titleId}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={titleId} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
      <button type="button" onClick={onClose}>
        {closeText ?? t('move.dismiss')}
      </button>
    </dialog>
  );
}
