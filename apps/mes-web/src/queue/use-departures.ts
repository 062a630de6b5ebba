import { useCallback, useEffect, useRef, useState } from 'react';
import type { Departure } from './departures';

/** How long it is shown what became of an order before it goes, in milliseconds. */
const FAREWELL = 2_500;

export interface Departures {
  readonly of: ReadonlyMap<string, Departure>;
  /** Notes what becomes of an order; `undefined` if it stays after all. */
  note(id: string, departure: Departure | undefined): void;
}

/** What becomes of orders that leave, for as long as that is shown. */
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
        }, FAREWELL),
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
