import {
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

/** The time for which somebody is at the list after a touch, in milliseconds: the next tap may follow. */
const AFTER_TOUCH = 5_000;
/** The time for which somebody is at the list after everything else, in milliseconds: a pointer may leave it by accident. */
const AFTER_LEAVING = 1_000;
/** Scrolling by less than this is none, in pixels. */
const AT_THE_TOP = 4;

export interface Attendance {
  /** Whether somebody is at the list: a pointer is over it, it was touched, keys are pressed in it, or it is scrolled. */
  readonly attended: boolean;
  /** The listeners of the list and of all that belongs to it. */
  readonly listeners: Listeners;
}

interface Listeners {
  readonly onPointerEnter: (event: PointerEvent) => void;
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerLeave: (event: PointerEvent) => void;
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onTouchMove: () => void;
  readonly onKeyUp: (event: KeyboardEvent) => void;
  readonly onBlur: (event: FocusEvent) => void;
  readonly onScrollCapture: (event: UIEvent) => void;
}

/** Tells whether somebody is at a list, so that nothing in it may move. */
export function useAttendance(): Attendance {
  const [hovered, setHovered] = useState(false);
  const [touched, setTouched] = useState(false);
  const [typing, setTyping] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const touchTimer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isMouseGone = useRef(false);
  const isHidden = useSyncExternalStore(
    (onChange) => {
      document.addEventListener('visibilitychange', onChange);
      return () => {
        document.removeEventListener('visibilitychange', onChange);
      };
    },
    () => document.hidden,
  );

  const listeners = useMemo(() => {
    const touch = (): void => {
      setTouched(true);
      clearTimeout(touchTimer.current);
      touchTimer.current = setTimeout(() => {
        setTouched(false);
      }, AFTER_TOUCH);
    };
    const hover = ({ pointerType }: PointerEvent): void => {
      if (pointerType !== 'touch' && !isMouseGone.current) setHovered(true);
    };
    return {
      onPointerEnter: hover,
      onPointerMove: hover,
      onPointerLeave: () => {
        setHovered(false);
      },
      onPointerDown: ({ pointerType }: PointerEvent) => {
        setTyping(false);
        if (pointerType === 'touch') touch();
      },
      onTouchMove: touch,
      // The key that brings the focus is released here.
      onKeyUp: ({ key }: KeyboardEvent) => {
        setTyping(key !== 'Escape');
      },
      onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
        if (!currentTarget.contains(relatedTarget)) setTyping(false);
      },
      onScrollCapture: ({ target }: UIEvent) => {
        setScrolled((target as Element).scrollTop > AT_THE_TOP);
      },
    };
  }, []);
  useEffect(
    () => () => {
      clearTimeout(touchTimer.current);
    },
    [],
  );
  // After a touch, the browser reports a mouse at the place of the touch that is not there.
  useEffect(() => {
    const onTouch = ({ pointerType }: globalThis.PointerEvent): void => {
      if (pointerType === 'touch') isMouseGone.current = true;
    };
    const onMove = ({ pointerType, movementX, movementY }: globalThis.PointerEvent): void => {
      if (pointerType === 'mouse' && (movementX !== 0 || movementY !== 0)) isMouseGone.current = false;
    };
    window.addEventListener('pointerdown', onTouch, true);
    window.addEventListener('pointermove', onMove, true);
    return () => {
      window.removeEventListener('pointerdown', onTouch, true);
      window.removeEventListener('pointermove', onMove, true);
    };
  }, []);

  const attended = useLasting(!isHidden && (hovered || touched || typing || scrolled), AFTER_LEAVING);
  return { attended: attended && !isHidden, listeners };
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
