import { useEffect, useState } from 'react';
import { currentTime, onTimeJump } from '../api/clock';

const TICK = 30_000;

/** The current time, updated every half minute: waiting times and delays are shown in minutes. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date(currentTime()));
  useEffect(() => {
    const update = (): void => {
      setNow(new Date(currentTime()));
    };
    const timer = setInterval(update, TICK);
    const stop = onTimeJump(update);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, []);
  return now;
}
