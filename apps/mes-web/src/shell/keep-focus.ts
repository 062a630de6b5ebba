import { REACTION_TIME } from './use-just-changed';

/** What is opened on top of the page, so that the focus goes back to the page when it is closed. */
const ON_TOP = '.notices, dialog';
const FOCUSABLE = 'a[href], button:enabled, select:enabled, input:enabled, textarea:enabled, [tabindex]';
const TEXT_FIELD = 'input, textarea';
const ITEM = 'li';

/** Where the focus has gone by itself, and when. */
let moved = { to: undefined as Element | undefined, at: -Infinity };

/** Whether the user has had the time to see where the focus is: a key that comes earlier was meant for where it was. */
export function isFocusSeen(): boolean {
  return document.activeElement !== moved.to || performance.now() - moved.at >= REACTION_TIME;
}

/** Gives the focus to an element that the user has not chosen. */
export function moveFocus(to: HTMLElement, options?: FocusOptions): void {
  to.focus(options);
  moved = { to, at: performance.now() };
}

/**
 * Gives the focus to what is nearest when the element that has it is removed, and back to it when it was disabled for a while. The
 * browser would give it to the document, where the keys of the lists do nothing. If the whole screen is removed, the new one gets it.
 */
export function keepFocus(): void {
  /** The element that had the focus last, and where the focus may go instead of it, the nearest first. */
  let places: readonly Element[] = [];
  const onFocusIn = ({ target }: FocusEvent): void => {
    if (target instanceof Element) places = placesFrom(target, places);
  };
  const onFocusOut = ({ target, relatedTarget }: FocusEvent): void => {
    // What gets the focus next has to know what had it before.
    if (relatedTarget) return;
    // By now, the element has been removed or disabled, or the user has left it.
    queueMicrotask(() => {
      if (document.activeElement === document.body && target instanceof Element && isReachable(target)) places = [];
    });
  };
  // Whoever has pressed what takes no focus has left what had it, also if that is disabled for a while.
  const onPointerUp = (): void => {
    if (document.activeElement === document.body) places = [];
  };
  const restore = (): void => {
    if (document.activeElement !== document.body) return;
    const [last] = places;
    // It may be enabled again soon.
    if (!last || (last.isConnected && !isReachable(last))) return;
    for (const place of places) {
      const found = focusableAt(place);
      if (!found) continue;
      if (found === last) found.focus({ preventScroll: true });
      else moveFocus(found, { preventScroll: true });
      return;
    }
    startOfScreen()?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const presses = event.key === 'Enter' || event.key === ' ';
    const isText = event.target instanceof Element && event.target.matches(TEXT_FIELD);
    if (presses && !isText && !isFocusSeen()) event.preventDefault();
  };
  document.addEventListener('focusin', onFocusIn);
  document.addEventListener('focusout', onFocusOut);
  document.addEventListener('pointerup', onPointerUp, true);
  document.addEventListener('keydown', onKeyDown);
  const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] };
  new MutationObserver(restore).observe(document.documentElement, changes);
}

/** @param before the places of the focus before, to which it goes back from what is on top of them */
function placesFrom(target: Element, before: readonly Element[]): readonly Element[] {
  const onTop = target.closest(ON_TOP);
  const below = onTop ? before.filter((place) => !onTop.contains(place)) : [];
  // Whoever has dealt with one notice did not mean the next one.
  if (onTop?.matches('.notices')) return [target, ...below];
  const area = onTop ?? target.closest('main, header');
  const own = [target];
  for (let place = target.parentElement; place && area?.contains(place); place = place.parentElement) {
    own.push(place);
    // The next item of a list is nearer than the first one.
    if (place.matches(ITEM)) own.push(...siblingsOf(place));
  }
  return [...own, ...below];
}

/**
 * Where the focus goes when the screen that had it is gone: to the list of the new one, or else to its heading, which a screen reader
 * then says. There is none until the screen is loaded.
 */
function startOfScreen(): HTMLElement | undefined {
  const screen = document.querySelector('#content:not([aria-busy=true])');
  const list = screen?.querySelector<HTMLElement>('[role=grid]');
  if (list) return list;
  const heading = screen?.querySelector('h1') ?? undefined;
  if (heading) heading.tabIndex = -1;
  return heading;
}

/** The elements beside another one: the next ones first, and then the previous ones. */
function siblingsOf(element: Element): readonly Element[] {
  const all = [...(element.parentElement?.children ?? [])];
  const index = all.indexOf(element);
  return [...all.slice(index + 1), ...all.slice(0, index).reverse()];
}

/** The first element at a place that Tab would reach, or else the place itself. Of the items of a list, Tab may reach only one. */
function focusableAt(place: Element): HTMLElement | undefined {
  const all = [place, ...place.querySelectorAll(FOCUSABLE)].filter(isReachable);
  // A text field would bring up the keyboard of a phone. With a mouse, the user goes on typing where they were.
  const isTyping = !matchMedia('(pointer: coarse)').matches;
  const calm = all.filter((element) => !element.matches(TEXT_FIELD) || (element === place && isTyping));
  return (
    calm.find((element) => element.tabIndex >= 0) ?? calm.find((element) => element === place || place.matches(ITEM))
  );
}

function isReachable(element: Element): element is HTMLElement {
  return (
    element instanceof HTMLElement && element.matches(FOCUSABLE) && element.isConnected && element.checkVisibility()
  );
}
