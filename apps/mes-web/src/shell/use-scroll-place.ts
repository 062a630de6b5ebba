import { useLocation } from 'react-router';

/** How far elements are scrolled, by the entry of the browser's history, until the page is closed. In pixels. */
const places = new Map<string, number>();

export interface ScrollPlace {
  /** How far the element was scrolled when the user left this entry of the history. */
  readonly last: () => number;
  readonly remember: (offset: number) => void;
}

/** Where an element of a screen was scrolled to, for users who come back. The browser does this only for the page itself. */
export function useScrollPlace(name: string): ScrollPlace {
  const { key } = useLocation();
  const id = `${key} ${name}`;
  return {
    last: () => places.get(id) ?? 0,
    remember: (offset) => {
      places.set(id, offset);
    },
  };
}
