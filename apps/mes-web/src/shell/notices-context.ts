import { createContext, useContext } from 'react';

/** A short message in the corner of the screen, with at most one action. */
export interface Notice {
  /** A later notice about the same thing replaces this one. */
  readonly about: string;
  readonly tone: 'good' | 'bad';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Whether the user has to deal with it: it stays until it is closed. */
  readonly isOpen?: boolean;
}

export interface Notices {
  readonly notify: (notice: Notice) => void;
}

export const NoticesContext = createContext<Notices>({ notify: () => undefined });

export function useNotices(): Notices {
  return useContext(NoticesContext);
}
