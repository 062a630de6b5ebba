import { useLayoutEffect, useState, type RefObject } from 'react';

interface Size {
  /** The width of the element in rem, so that larger letters count as less room. */
  readonly width: number;
  /** The pixels of a rem. */
  readonly rem: number;
}

/** The width of an element, which changes with the window and with the size of the letters. */
export function useWidth(ref: RefObject<Element | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, rem: 16 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = (): void => {
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      setSize({ width: element.clientWidth / rem, rem });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [ref]);
  return size;
}
