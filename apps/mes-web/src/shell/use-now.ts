import { useEffect, useState } from 'react';

const TICK = 30_000;

/** The current time, updated every half minute: waiting times and delays are shown in minutes. */
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
