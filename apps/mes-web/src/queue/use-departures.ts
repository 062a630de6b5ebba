import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { OrderDto } from '../api/client';
import { useKnownChanges } from '../orders/known-changes';
import { departureBy, isOpen, type Departure } from './departures';

/** The time for which a leaving order stays if nobody is at the list, in milliseconds. */
const LINGER = 2_500;

export interface Departures {
  /** By changes of the user and of others. */
  readonly of: ReadonlyMap<string, Departure>;
  /** Ids of the orders that stay for a moment. */
  readonly lingering: ReadonlySet<string>;
  /** Records why an order leaves, as an event says. What the response to a change of the user says counts more. */
  readonly note: (id: string, departure: Departure) => void;
  /** Forgets what was recorded for orders that are not among the rows. */
  readonly keepOnly: (rows: readonly OrderDto[]) => void;
}

/** Keeps the reasons why orders leave the queue for as long as their rows are shown. */
export function useDepartures(): Departures {
  const [noted, setNoted] = useState<ReadonlyMap<string, Departure>>(new Map());
  const known = useKnownChanges();
  const all = useMemo(() => {
    const departures = new Map(noted);
    for (const [id, change] of known) {
      const own = departureBy(change);
      if (own && own.version >= (noted.get(id)?.version ?? 0)) departures.set(id, own);
    }
    return departures;
  }, [noted, known]);

  const note = useCallback((id: string, departure: Departure) => {
    setNoted((last) => ((last.get(id)?.version ?? 0) >= departure.version ? last : new Map(last).set(id, departure)));
  }, []);
  const keepOnly = useCallback((rows: readonly OrderDto[]) => {
    setNoted((last) => {
      if (last.size === 0) return last;
      const shown = new Set(rows.map(({ id }) => id));
      const kept = [...last].filter(([id]) => shown.has(id));
      return kept.length === last.size ? last : new Map(kept);
    });
  }, []);
  return { of: all, lingering: useLingering(all), note, keepOnly };
}

/** Ids of the orders whose departures are not final, or have been for a moment only. */
function useLingering(departures: ReadonlyMap<string, Departure>): ReadonlySet<string> {
  /** The names of departures that have been final for long enough, such as those from before the list was opened. */
  const [over, setOver] = useState<ReadonlySet<string>>(() => new Set(namesOfFinal(departures)));
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  useEffect(() => {
    for (const name of namesOfFinal(departures)) {
      if (over.has(name) || timers.current.has(name)) continue;
      const end = (): void => {
        setOver((last) => new Set(last).add(name));
      };
      timers.current.set(name, setTimeout(end, LINGER));
    }
  }, [departures, over]);
  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running.values()) clearTimeout(timer);
      running.clear();
    };
  }, []);
  return useMemo(
    () => new Set([...departures].flatMap(([id, departure]) => (over.has(nameOf(id, departure)) ? [] : id))),
    [departures, over],
  );
}

function namesOfFinal(departures: ReadonlyMap<string, Departure>): string[] {
  return [...departures].flatMap(([id, departure]) => (isOpen(departure.reason) ? [] : nameOf(id, departure)));
}

function nameOf(id: string, { version }: Departure): string {
  return `${id} ${String(version)}`;
}
