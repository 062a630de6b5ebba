import { useCallback, useEffect, useRef, useState } from 'react';
import type { OrderDto } from '../api/client';
import { isOpen, type Departure } from './departures';

/** The time for which a leaving order stays if nobody is at the list, in milliseconds. */
const LINGER = 2_500;

export interface Departures {
  readonly of: ReadonlyMap<string, Departure>;
  /** Ids of the orders that stay for a moment. */
  readonly lingering: ReadonlySet<string>;
  /** Records why an order leaves. */
  readonly note: (id: string, departure: Departure) => void;
  /** Takes a record back: the order stays. */
  readonly withdraw: (id: string) => void;
  /** Forgets the orders that are not among the rows. */
  readonly keepOnly: (rows: readonly OrderDto[]) => void;
}

/** Keeps the reasons why orders leave the queue for as long as their rows are shown. */
export function useDepartures(): Departures {
  const [departures, setDepartures] = useState<ReadonlyMap<string, Departure>>(new Map());
  const [lingering, setLingering] = useState<ReadonlySet<string>>(new Set());
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());

  const settle = useCallback((id: string) => {
    clearTimeout(timers.current.get(id));
    timers.current.delete(id);
    setLingering((last) => (last.has(id) ? new Set([...last].filter((one) => one !== id)) : last));
  }, []);
  const note = useCallback(
    (id: string, departure: Departure) => {
      clearTimeout(timers.current.get(id));
      if (!isOpen(departure.reason)) timers.current.set(id, setTimeout(settle, LINGER, id));
      setLingering((last) => new Set(last).add(id));
      setDepartures((last) => new Map(last).set(id, departure));
    },
    [settle],
  );
  const withdraw = useCallback(
    (id: string) => {
      settle(id);
      setDepartures((last) => new Map([...last].filter(([one]) => one !== id)));
    },
    [settle],
  );
  const keepOnly = useCallback((rows: readonly OrderDto[]) => {
    setDepartures((last) => {
      if (last.size === 0) return last;
      const shown = new Set(rows.map(({ id }) => id));
      const kept = [...last].filter(([id]) => shown.has(id));
      return kept.length === last.size ? last : new Map(kept);
    });
  }, []);

  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running.values()) clearTimeout(timer);
    };
  }, []);
  return { of: departures, lingering, note, withdraw, keepOnly };
}
