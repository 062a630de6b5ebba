import type { ReactNode } from 'react';
import { flushSync } from 'react-dom';
import type { RefreshableList } from './use-calm-list';

interface UpdateButtonProps {
  readonly list: RefreshableList;
  /** Focuses the list. The button is gone then, and the focus must not be lost with it. */
  readonly onUpdated: () => void;
  /** The text of the button. */
  readonly children: ReactNode;
}

/** The button that brings a list up to date that has kept still. Nothing while it is up to date. */
export function UpdateButton({ list, onUpdated, children }: UpdateButtonProps): ReactNode {
  if (!list.isChanged) return null;
  return (
    <button
      type="button"
      className="primary"
      onClick={() => {
        flushSync(list.refresh);
        onUpdated();
      }}
    >
      {children}
    </button>
  );
}
