import { useState } from 'react';

/** The name of the list on the screen. While another one loads, this is still the last one. */
export function useShownName(name: string, isPending: boolean, isPlaceholder: boolean): string | undefined {
  const [shown, setShown] = useState<string>();
  const next = isPending ? undefined : isPlaceholder ? shown : name;
  if (next !== shown) setShown(next);
  return next;
}
