import { useCallback, useEffect, useRef, useState } from 'react';
import type { Departure } from './departures';

/** The time for which a leaving order is still shown, in milliseconds. */
const SHOWN_FOR = 2_500;

export interface Departures {
  readonly of: ReadonlyMap<string, Departure>;
  /** Records why an order leaves. `undefined` takes it back. */
  note(id: string, departure: Departure | undefined): void;
}

/** Keeps the orders that are leaving the queue while they are still shown. */
export function useDepartures(): Departures {
  const [departures, setDepartures] = useState<ReadonlyMap<string, Departure>>(new Map());
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());

  const note = useCallback((id: string, departure: Departure | undefined) => {
    clearTimeout(timers.current.get(id));
    timers.current.delete(id);
    if (departure && departure.kind !== 'taking') {
      timers.current.set(
        id,
        setTimeout(() => {
          setDepartures((last) => without(last, id));
        }, SHOWN_FOR),
      );
    }
    setDepartures((last) => (departure ? new Map(last).set(id, departure) : without(last, id)));
  }, []);

  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running.values()) clearTimeout(timer);
    };
  }, []);
  return { of: departures, note };
}

function without(departures: ReadonlyMap<string, Departure>, id: string): ReadonlyMap<string, Departure> {
  const left = new Map(departures);
  left.delete(id);
  return left;
}
