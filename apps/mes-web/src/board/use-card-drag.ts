import {
  useCallback,
  useEffect,
  useRef,
  useState,
  type PointerEvent as ReactPointerEvent,
  type RefObject,
} from 'react';
import type { OrderDto } from '../api/client';
import type { Status } from '../orders/permissions';

/** A mouse that moves less than this clicks, in pixels. */
const THRESHOLD = 6;
/** The time after which a finger that does not move lifts a card, in milliseconds. Until then it scrolls. */
const LONG_PRESS = 350;
/** Near the edge of the board, a card scrolls it, in pixels. */
const EDGE = 40;
const EDGE_STEP = 12;

/** The attribute with the status of a column. */
export const COLUMN_ATTRIBUTE = 'data-status';

/** A card on its way to a column. */
export interface Drag {
  readonly order: OrderDto;
  /** The column under the card. */
  readonly over: Status | undefined;
}

export interface CardDrag {
  readonly drag: Drag | undefined;
  /** The element that follows the pointer. */
  readonly ghost: RefObject<HTMLDivElement | null>;
  /** Called when a card is pressed. */
  readonly onPress: (event: ReactPointerEvent, order: OrderDto) => void;
}

interface Press {
  readonly order: OrderDto;
  readonly pointer: number;
  readonly isTouch: boolean;
  readonly startX: number;
  readonly startY: number;
  x: number;
  y: number;
  over: Status | undefined;
  isDragging: boolean;
}

/** Drags cards with the mouse, a pen, or a finger that stays on one for a moment. Escape puts the card back. */
export function useCardDrag(
  board: RefObject<HTMLElement | null>,
  onDrop: (order: OrderDto, to: Status) => void,
): CardDrag {
  const [drag, setDrag] = useState<Drag>();
  const ghost = useRef<HTMLDivElement>(null);
  const press = useRef<Press>(undefined);
  const stop = useRef<() => void>(undefined);
  const drop = useRef(onDrop);
  useEffect(() => {
    drop.current = onDrop;
  });

  useEffect(() => {
    const element = board.current;
    // It must be there before the touch begins, or the browser scrolls without asking.
    const onTouchMove = (event: TouchEvent): void => {
      if (press.current?.isDragging && event.cancelable) event.preventDefault();
    };
    const onContextMenu = (event: Event): void => {
      if (press.current?.isTouch) event.preventDefault();
    };
    element?.addEventListener('touchmove', onTouchMove, { passive: false });
    element?.addEventListener('contextmenu', onContextMenu);
    return () => {
      stop.current?.();
      element?.removeEventListener('touchmove', onTouchMove);
      element?.removeEventListener('contextmenu', onContextMenu);
    };
  }, [board]);

  const onPress = useCallback(
    (event: ReactPointerEvent, order: OrderDto): void => {
      if (event.button !== 0 || !event.isPrimary || (event.target as Element).closest('button')) return;
      stop.current?.();
      const { pointerId: pointer, clientX: x, clientY: y, pointerType } = event;
      const isTouch = pointerType === 'touch';
      const current: Press = {
        ...{ order, pointer, isTouch, startX: x, startY: y, x, y },
        ...{ over: order.status, isDragging: false },
      };
      press.current = current;

      const place = (): void => {
        if (ghost.current) {
          ghost.current.style.transform = `translate(${String(current.x)}px, ${String(current.y)}px)`;
        }
        const over = columnAt(current.x, current.y);
        if (over !== current.over) {
          current.over = over;
          setDrag({ order, over });
        }
      };
      const lift = (): void => {
        current.isDragging = true;
        setDrag({ order, over: current.over });
        requestAnimationFrame(follow);
      };
      const follow = (): void => {
        if (press.current !== current) return;
        scrollAtEdges(board.current, current.x);
        place();
        requestAnimationFrame(follow);
      };
      const timer = isTouch ? setTimeout(lift, LONG_PRESS) : undefined;

      const end = (to?: Status): void => {
        clearTimeout(timer);
        controller.abort();
        press.current = undefined;
        stop.current = undefined;
        if (!current.isDragging) return;
        setDrag(undefined);
        ignoreNextClick();
        if (to !== undefined) drop.current(order, to);
      };
      const controller = new AbortController();
      const listen = <E extends keyof WindowEventMap>(name: E, on: (event: WindowEventMap[E]) => void): void => {
        window.addEventListener(name, on, { signal: controller.signal, capture: true });
      };
      listen('pointermove', (moved) => {
        if (moved.pointerId !== pointer) return;
        current.x = moved.clientX;
        current.y = moved.clientY;
        if (current.isDragging || Math.hypot(current.x - current.startX, current.y - current.startY) < THRESHOLD)
          return;
        if (isTouch) end();
        else lift();
      });
      listen('pointerup', (released) => {
        if (released.pointerId === pointer) end(columnAt(released.clientX, released.clientY));
      });
      listen('pointercancel', () => {
        end();
      });
      listen('blur', ({ target }) => {
        if (target === window) end();
      });
      listen('keydown', (pressed) => {
        if (pressed.key !== 'Escape' || !current.isDragging) return;
        pressed.preventDefault();
        pressed.stopPropagation();
        end();
      });
      stop.current = end;
    },
    [board],
  );
  return { drag, ghost, onPress };
}

function columnAt(x: number, y: number): Status | undefined {
  const column = document.elementFromPoint(x, y)?.closest(`[${COLUMN_ATTRIBUTE}]`);
  return (column?.getAttribute(COLUMN_ATTRIBUTE) ?? undefined) as Status | undefined;
}

function scrollAtEdges(board: HTMLElement | null, x: number): void {
  if (!board) return;
  const { left, right } = board.getBoundingClientRect();
  if (x < left + EDGE) board.scrollLeft -= EDGE_STEP;
  if (x > right - EDGE) board.scrollLeft += EDGE_STEP;
}

/** The click that follows a drag opens nothing. */
function ignoreNextClick(): void {
  const ignore = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener('click', ignore, { capture: true, once: true });
  setTimeout(() => {
    window.removeEventListener('click', ignore, { capture: true });
  });
}
