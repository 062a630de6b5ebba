/** Where somebody was in the queue. */
export interface Place {
  /** The id of the selected order. */
  readonly chosenId: string | undefined;
  /** Ids of the orders that are selected to be taken together. */
  readonly picked: ReadonlySet<string>;
}

/** By the user and the key of the entry of the browser's history, until the page is closed. */
const places = new Map<string, Place>();

/** The place to return to when the user navigates back to an entry of the history. */
export function placeAt(user: string, entry: string): Place | undefined {
  return places.get(keyOf(user, entry));
}

export function rememberPlace(user: string, entry: string, place: Place): void {
  places.set(keyOf(user, entry), place);
}

function keyOf(user: string, entry: string): string {
  return `${entry} ${user}`;
}
