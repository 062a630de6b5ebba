import { useEffect, useState } from 'react';

const TICK = 30_000;

/** The time, for ages and lateness, which are told in minutes. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(new Date());
    }, TICK);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return now;
}
