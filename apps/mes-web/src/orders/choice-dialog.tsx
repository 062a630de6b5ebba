import type { KeyboardEvent, ReactNode } from 'react';
import { unlessScanned } from '../shell/scanner-keys';
import { Dialog } from './dialog';

interface ChoiceDialogProps<T extends string> {
  readonly title: string;
  /** What the choices are: the name of their group for screen readers. */
  readonly label: string;
  readonly choices: readonly { readonly value: T; readonly text: string }[];
  /** The present value, which cannot be chosen. */
  readonly current?: T;
  /** The text of the button that closes the dialog. By default, it says that nothing is changed. */
  readonly closeText?: string;
  readonly onChoose: (value: T) => void;
  readonly onClose: () => void;
  /** Shown above the choices. */
  readonly children?: ReactNode;
}

/** A dialog of a few choices. One press chooses: of a button, or of the key with its number. */
export function ChoiceDialog<T extends string>(props: ChoiceDialogProps<T>): ReactNode {
  const { title, label, choices, current, closeText, onChoose, onClose, children } = props;
  const onKeyDown = ({ key, target, ctrlKey, altKey, metaKey, repeat }: KeyboardEvent): void => {
    if (ctrlKey || altKey || metaKey || repeat || target instanceof HTMLTextAreaElement) return;
    const choice = /^[1-9]$/.test(key) ? choices[Number(key) - 1] : undefined;
    if (!choice || choice.value === current) return;
    unlessScanned(() => {
      onChoose(choice.value);
    });
  };
  return (
    <Dialog
      title={title}
      focus="heading"
      {...(closeText !== undefined && { closeText })}
      onKeyDown={onKeyDown}
      onClose={onClose}
    >
      {children}
      <div className="choices" role="group" aria-label={label}>
        {choices.map(({ value, text }, index) => (
          <button
            key={value}
            type="button"
            aria-keyshortcuts={String(index + 1)}
            aria-current={value === current || undefined}
            disabled={value === current}
            onClick={() => {
              onChoose(value);
            }}
          >
            <kbd aria-hidden="true">{index + 1}</kbd> {text}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
