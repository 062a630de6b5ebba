import { useSyncExternalStore } from 'react';

/** The modal dialogs that are open, the uppermost one last. */
let open: readonly HTMLDialogElement[] = [];
const listeners = new Set<() => void>();

function set(dialogs: readonly HTMLDialogElement[]): void {
  open = dialogs;
  for (const listener of listeners) listener();
}

/**
 * Opens a modal dialog.
 *
 * @returns a function that forgets it, for when it is closed
 */
export function openModal(dialog: HTMLDialogElement): () => void {
  dialog.showModal();
  set([...open, dialog]);
  return () => {
    set(open.filter((other) => other !== dialog));
  };
}

/** What somebody has written into a dialog. */
export interface WrittenText {
  /** The title of the dialog. */
  readonly title: string;
  readonly text: string;
}

/** What somebody has written into the dialogs that are open. */
export function writtenTexts(): readonly WrittenText[] {
  return open.flatMap((dialog) => {
    const title = dialog.querySelector('h2')?.textContent ?? '';
    const texts = [...dialog.querySelectorAll('textarea')].map(({ value }) => value.trim());
    return texts.filter((text) => text !== '').map((text) => ({ title, text }));
  });
}

/** Whether somebody has written into a dialog that is open. It must not close by itself. */
export function holdsText(): boolean {
  return writtenTexts().length > 0;
}

/** The uppermost modal dialog. Nothing outside of it can be pressed. Undefined if none is open. */
export function useUppermostModal(): HTMLDialogElement | undefined {
  return useSyncExternalStore(subscribe, () => open.at(-1));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
