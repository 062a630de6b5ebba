import { useEffect, useState } from 'react';

/** The time that a person needs to notice a change, in milliseconds. */
export const REACTION_TIME = 400;

/** Whether a value has just changed, so that a press may be meant for what was there before. */
export function useJustChanged(value: string | number): boolean {
  const [seen, setSeen] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSeen(value);
    }, REACTION_TIME);
    return () => {
      clearTimeout(timer);
    };
  }, [value]);
  return seen !== value;
}
