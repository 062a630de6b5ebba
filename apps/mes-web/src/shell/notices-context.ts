import { createContext, useContext } from 'react';

/** What the user may do about a notice. */
export interface NoticeAction {
  readonly label: string;
  /** The label for screen readers, if it says more. */
  readonly name?: string;
  /** Whether Ctrl+Z does it as well. */
  readonly isUndo?: boolean;
  readonly run: () => void;
}

/** A short message in the corner of the screen, with at most one action. */
export interface Notice {
  /** A later notice about the same thing replaces this one. */
  readonly about: string;
  readonly tone: 'good' | 'bad';
  readonly text: string;
  readonly action?: NoticeAction | undefined;
  /** Whether it tells of a step without a way back, which Ctrl+Z does not pass over. */
  readonly isFinal?: boolean;
  /** Whether the user has to deal with it: it stays until it is closed. */
  readonly isOpen?: boolean;
}

export interface Notices {
  readonly notify: (notice: Notice) => void;
  /** Takes back what the notices of the session offer to do, those that still come included: only its user may do it. */
  readonly endSession: () => void;
  /** Removes the notices of users who have signed out, those that still come included. */
  readonly clear: () => void;
}

export const NoticesContext = createContext<Notices>({
  notify: () => undefined,
  endSession: () => undefined,
  clear: () => undefined,
});

export function useNotices(): Notices {
  return useContext(NoticesContext);
}
