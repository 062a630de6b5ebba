import { parametersOf, viewOf, type QueueView } from './queue-view';

/** A view of the queue with a name. */
export interface SavedView {
  readonly name: string;
  /** The view as the search of its address. */
  readonly search: string;
}

export const LONGEST_NAME = 40;

export function searchOf(view: QueueView): string {
  return parametersOf(view).toString();
}

/** The views with one more. A view with the same name is replaced. */
export function withView(views: readonly SavedView[], name: string, view: QueueView): readonly SavedView[] {
  return [...withoutView(views, name), { name, search: searchOf(view) }].sort((a, b) => a.name.localeCompare(b.name));
}

export function withoutView(views: readonly SavedView[], name: string): readonly SavedView[] {
  return views.filter((one) => one.name !== name);
}

/** Reads the views that a device remembers. What is not valid is ignored. */
export function parseViews(text: string): readonly SavedView[] {
  const read = parsed(text);
  if (!Array.isArray(read)) return [];
  return read.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return [];
    const { name, search } = one as Partial<Record<keyof SavedView, unknown>>;
    if (typeof name !== 'string' || name.trim() === '' || typeof search !== 'string') return [];
    return { name: name.slice(0, LONGEST_NAME), search: searchOf(viewOf(new URLSearchParams(search))) };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
