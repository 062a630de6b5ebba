import { useState } from 'react';
import { deviceStorage } from '../storage';

/**
 * A state that this device remembers.
 *
 * @param parse reads a remembered value, which another version of the page may have written. Undefined if it is not valid.
 */
export function useRemembered<T>(
  key: string,
  parse: (text: string) => T | undefined,
  byDefault: T,
): [value: T, remember: (value: T) => void] {
  const [value, setValue] = useState(() => parse(deviceStorage.get(key) ?? '') ?? byDefault);
  const remember = (next: T): void => {
    setValue(next);
    deviceStorage.set(key, JSON.stringify(next));
  };
  return [value, remember];
}
