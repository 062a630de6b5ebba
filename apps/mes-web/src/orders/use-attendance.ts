import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  type UIEvent,
} from 'react';

/** Without a movement of the pointer or a key for this time, nobody is at the list any more, in milliseconds. */
const LEFT_BEHIND = 60_000;
/** The time for which somebody is at the list after a touch, in milliseconds: the next tap may follow. */
const AFTER_TOUCH = 5_000;
/** The time for which somebody is at the list after leaving it, in milliseconds: a pointer may leave it by accident. */
const AFTER_LEAVING = 1_000;
/** Scrolling by less than this is none, in pixels. */
const AT_THE_TOP = 4;

export interface Attendance {
  /** Whether somebody is at the list: a pointer moves over it, it was touched, keys are pressed in it, or it or the page is scrolled. */
  readonly attended: boolean;
  /** The listeners of the list and of all that belongs to it. */
  readonly listeners: Listeners;
}

interface Listeners {
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerLeave: (event: PointerEvent) => void;
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onTouchMove: () => void;
  readonly onKeyUp: (event: KeyboardEvent) => void;
  readonly onBlur: (event: FocusEvent) => void;
  readonly onScrollCapture: (event: UIEvent) => void;
}

/**
 * Tells whether somebody is at a list, so that nothing in it may move.
 *
 * @param isAsking whether a dialog is open that belongs to the list. Whoever opened it comes back, also from another tab.
 */
export function useAttendance(isAsking = false): Attendance {
  const [hovers, hover] = usePresence(LEFT_BEHIND);
  const [touches, touch] = usePresence(AFTER_TOUCH);
  const [types, type] = usePresence(LEFT_BEHIND);
  const [isScrolled, setIsScrolled] = useState(false);
  const isPageScrolled = usePageScrolled();
  const isHidden = useSyncExternalStore(onVisibilityChange, () => document.hidden);

  const listeners = useMemo(
    () => ({
      // A pointer that lies still enters the list when the page moves below it. Only one that moves is somebody's.
      onPointerMove: ({ pointerType }: PointerEvent) => {
        if (pointerType !== 'touch') hover(true);
      },
      onPointerLeave: () => {
        hover(false);
      },
      onPointerDown: ({ pointerType }: PointerEvent) => {
        type(false);
        if (pointerType === 'touch') touch(true);
        else hover(true);
      },
      onTouchMove: () => {
        touch(true);
      },
      // The key that brings the focus is released here.
      onKeyUp: ({ key }: KeyboardEvent) => {
        type(key !== 'Escape');
      },
      onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
        if (!currentTarget.contains(relatedTarget)) type(false);
      },
      onScrollCapture: ({ target }: UIEvent) => {
        const scrolled = target as Element;
        // What scrolls in a dialog is not the list.
        if (!scrolled.closest('dialog')) setIsScrolled(scrolled.scrollTop > AT_THE_TOP);
      },
    }),
    [hover, touch, type],
  );

  const attended = useLasting(!isHidden && (hovers || touches || types || isScrolled || isPageScrolled), AFTER_LEAVING);
  return { attended: isAsking || (attended && !isHidden), listeners };
}

/** Whether the page itself is scrolled, as on the screens whose lists are as long as their orders. */
function usePageScrolled(): boolean {
  const [isScrolled, setIsScrolled] = useState(false);
  useEffect(() => {
    const onScroll = (): void => {
      setIsScrolled(window.scrollY > AT_THE_TOP);
    };
    document.addEventListener('scroll', onScroll);
    return () => {
      document.removeEventListener('scroll', onScroll);
    };
  }, []);
  return isScrolled;
}

/** A flag that falls by itself when it has not been raised again for some time. */
function usePresence(milliseconds: number): [isPresent: boolean, set: (isPresent: boolean) => void] {
  const [isPresent, setIsPresent] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const set = useCallback(
    (next: boolean) => {
      clearTimeout(timer.current);
      setIsPresent(next);
      if (next) timer.current = setTimeout(setIsPresent, milliseconds, false);
    },
    [milliseconds],
  );
  useEffect(
    () => () => {
      clearTimeout(timer.current);
    },
    [],
  );
  return [isPresent, set];
}

/** True at once, and false some time later. */
function useLasting(value: boolean, milliseconds: number): boolean {
  const [lasting, setLasting] = useState(value);
  if (value && !lasting) setLasting(true);
  useEffect(() => {
    if (value) return undefined;
    const timer = setTimeout(() => {
      setLasting(false);
    }, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  }, [value, milliseconds]);
  return value || lasting;
}

function onVisibilityChange(onChange: () => void): () => void {
  document.addEventListener('visibilitychange', onChange);
  return () => {
    document.removeEventListener('visibilitychange', onChange);
  };
}
