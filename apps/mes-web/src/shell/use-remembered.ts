import { useState } from 'react';

/**
 * A state that this device remembers. A browser that refuses storage forgets it with the page.
 *
 * @param parse reads a remembered value, which another version of the page may have written. Undefined if it is not valid.
 */
export function useRemembered<T>(
  key: string,
  parse: (text: string) => T | undefined,
  byDefault: T,
): [value: T, remember: (value: T) => void] {
  const [value, setValue] = useState(() => read(key, parse) ?? byDefault);
  const remember = (next: T): void => {
    setValue(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // The value lasts as long as the page.
    }
  };
  return [value, remember];
}

function read<T>(key: string, parse: (text: string) => T | undefined): T | undefined {
  try {
    const text = localStorage.getItem(key);
    return text === null ? undefined : parse(text);
  } catch {
    return undefined;
  }
}
