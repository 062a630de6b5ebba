import { parsedJson } from '../storage';
import { parametersOf, viewOf, type OrdersView } from './orders-view';

/** A view of the orders with a name. */
export interface SavedView {
  readonly name: string;
  /** The view as the search of its address. */
  readonly search: string;
}

export const LONGEST_NAME = 40;

export function searchOf(view: OrdersView): string {
  return parametersOf(view).toString();
}

/** The views with one more, or undefined if there is one with this name. */
export function withView(views: readonly SavedView[], added: SavedView): readonly SavedView[] | undefined {
  if (views.some(({ name }) => name === added.name)) return undefined;
  return [...views, added].sort((a, b) => a.name.localeCompare(b.name));
}

export function withoutView(views: readonly SavedView[], name: string): readonly SavedView[] {
  return views.filter((one) => one.name !== name);
}

/** The views with another name for one of them, or undefined if another one has this name. */
export function withNewName(views: readonly SavedView[], name: string, next: string): readonly SavedView[] | undefined {
  const renamed = views.find((one) => one.name === name);
  // Another tab may have deleted it.
  return renamed ? withView(withoutView(views, name), { ...renamed, name: next }) : views;
}

/** Reads the views that a device remembers. What is not valid is ignored. */
export function parseViews(text: string): readonly SavedView[] {
  const read = parsedJson(text);
  if (!Array.isArray(read)) return [];
  return read.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return [];
    const { name, search } = one as Partial<Record<keyof SavedView, unknown>>;
    if (typeof name !== 'string' || name.trim() === '' || typeof search !== 'string') return [];
    return { name: name.slice(0, LONGEST_NAME), search: searchOf(viewOf(new URLSearchParams(search))) };
  });
}
