import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';

/** Whether the page is being printed: what is only on paper is not in the document at other times. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const medium = matchMedia('print');
    // The browser takes its picture of the page right after the event.
    const change = (next: boolean): void => {
      flushSync(() => {
        setPrinting(next);
      });
    };
    const before = (): void => {
      change(true);
    };
    const after = (): void => {
      change(false);
    };
    const onMedium = ({ matches }: MediaQueryListEvent): void => {
      change(matches);
    };
    addEventListener('beforeprint', before);
    addEventListener('afterprint', after);
    medium.addEventListener('change', onMedium);
    return () => {
      removeEventListener('beforeprint', before);
      removeEventListener('afterprint', after);
      medium.removeEventListener('change', onMedium);
    };
  }, []);
  return printing;
}
