import { createContext, useContext } from 'react';

/** A short message in the corner of the screen, with at most one action. */
export interface Notice {
  readonly tone: 'good' | 'bad';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

export interface Notices {
  readonly notify: (notice: Notice) => void;
}

export const NoticesContext = createContext<Notices>({ notify: () => undefined });

export function useNotices(): Notices {
  return useContext(NoticesContext);
}
