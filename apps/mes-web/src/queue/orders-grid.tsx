import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useCallback,
  useEffect,
  useEffectEvent,
  useMemo,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { useIsFresh } from '../live/live-context';
import type { Sort } from '../orders/orders-view';
import { isInSight } from '../shell/in-sight';
import { unlessScanned } from '../shell/scanner-keys';
import { useWidth } from '../shell/use-width';
import { isOpen, reasonOf, type Departure } from './departures';
import { layoutOf, type ListPreferences } from './list-layout';
import { OrderCell } from './order-cell';
import { PickBox } from './pick-box';
import { RowAction } from './row-action';
import { SortHeader } from './sort-header';
import type { Picks } from './use-picks';
import { useChoice } from './use-choice';
import { useSettling } from '../orders/use-settling';
import './orders-grid.css';

/** The next page loads when fewer rows than this are left below. */
const NEAR_THE_END = 30;
/** The room for the connection banner at the end of the list, as in the styles. In rem. */
const BANNER = 3;
/** Rows rendered above and below the visible ones, so that scrolling shows no gaps. */
const OVERSCAN = 8;
/** The time after which they are rendered: the first screen does not wait for them. In milliseconds. */
const OVERSCAN_DELAY = 100;

interface OrdersGridProps {
  /** The element of the grid, which scrolls and has the focus. */
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly label: string;
  readonly orders: readonly OrderDto[];
  readonly departures: ReadonlyMap<string, Departure>;
  /** Ids of the rows whose orders are no longer in the list. */
  readonly left: ReadonlySet<string>;
  /** Ids of the orders that have just been added on request. The first one is scrolled into view. */
  readonly arrived: ReadonlySet<string>;
  /** The order that is selected at first, if it is in the list. */
  readonly chosenId: string | undefined;
  /** Called with the selected order, if there is one, at first and when another one is selected. */
  readonly onChosen: (id: string | undefined) => void;
  /** The name of the list. Another list is shown from the top. */
  readonly name: string;
  readonly now: Date;
  readonly preferences: ListPreferences;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly hasMore: boolean;
  readonly onNeedMore: () => void;
  /** What is shown if there are no orders. */
  readonly empty: ReactNode;
  readonly onOpen: (order: OrderDto) => void;
  /** Undefined if the user may not take orders. */
  readonly onTake: ((order: OrderDto) => void) | undefined;
  /** The orders that are selected to be taken together. Undefined if the user may not take orders. */
  readonly picks: Picks | undefined;
  readonly onTakePicked: () => void;
}

/**
 * A grid of any number of orders, as rows or as cards. Only the visible ones are in the document.
 *
 * The keyboard works as in the grid pattern of ARIA: the grid has the focus, and `aria-activedescendant` names the active row.
 */
export function OrdersGrid(props: OrdersGridProps): ReactNode {
  const { ref: scroll, label, orders, departures, left, arrived, chosenId, onChosen, name, now, preferences } = props;
  const { sort, onSort, hasMore, onNeedMore, empty, onOpen, onTake, picks, onTakePicked } = props;
  const { t } = useLanguage();
  const { width, rem } = useWidth(scroll);
  const digits = useMemo(() => String(orders.reduce((most, { number }) => Math.max(most, number), 0)).length, [orders]);
  const layout = layoutOf(width, digits, preferences, picks !== undefined);
  const rowHeight = layout.rowHeight * rem;

  const canBeTaken = useCallback(
    (order: OrderDto) => {
      const reason = reasonOf(order, departures, left);
      return reason === undefined || isOpen(reason);
    },
    [departures, left],
  );
  const choice = useChoice(chosenId, orders, canBeTaken);
  useEffect(() => {
    onChosen(choice.id);
  }, [onChosen, choice.id]);
  const settling = useSettling(orders);
  /** Whether a press takes the order that the user sees. */
  const isPressable = useIsFresh() && !settling;

  const [overscan, setOverscan] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => {
      setOverscan(OVERSCAN);
    }, OVERSCAN_DELAY);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  const virtualizer = useVirtualizer({
    count: orders.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => orders[index]?.id ?? index,
    overscan,
    scrollPaddingEnd: BANNER * rem,
  });
  useEffect(() => {
    virtualizer.measure();
  }, [virtualizer, rowHeight]);
  const items = virtualizer.getVirtualItems();

  const lastInSight = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastInSight >= orders.length - NEAR_THE_END) onNeedMore();
  }, [hasMore, lastInSight, orders.length, onNeedMore]);

  const activeIndex = orders.findIndex(({ id }) => id === choice.id);
  const atFirst = useRef({ activeIndex, name });
  useEffect(() => {
    if (atFirst.current.activeIndex >= 0) virtualizer.scrollToIndex(atFirst.current.activeIndex, { align: 'center' });
    // The keys work at once, without a click into the grid.
    if (document.activeElement === document.body) scroll.current?.focus({ preventScroll: true });
  }, [virtualizer, scroll]);
  useEffect(() => {
    if (atFirst.current.name !== name) scroll.current?.scrollTo({ top: 0 });
    atFirst.current = { activeIndex: -1, name };
  }, [name, scroll]);
  const showFirst = useEffectEvent((ids: ReadonlySet<string>) => {
    const first = orders.findIndex(({ id }) => ids.has(id));
    if (first >= 0) virtualizer.scrollToIndex(first);
  });
  useEffect(() => {
    showFirst(arrived);
  }, [arrived]);

  const activate = (index: number): void => {
    const order = orders[Math.max(0, Math.min(index, orders.length - 1))];
    if (!order) return;
    choice.choose(order.id);
    virtualizer.scrollToIndex(orders.indexOf(order));
  };
  const take = (order: OrderDto): void => {
    onTake?.(order);
    // The button is gone. The keys go on working.
    scroll.current?.focus({ preventScroll: true });
  };
  const pick = (order: OrderDto, isRange: boolean): void => {
    if (isRange) picks?.extendTo(order.id);
    else picks?.toggle(order.id);
    scroll.current?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || (target as Element).closest('.grid-head')) return;
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / rowHeight) - 1);
    const active = orders[activeIndex];
    const isReady = active !== undefined && !event.repeat;
    const head = scroll.current?.querySelector('.grid-head')?.clientHeight;
    const isShown = isInSight(document.getElementById(rowId(choice.id)), scroll.current, head);
    const show = (): void => {
      virtualizer.scrollToIndex(activeIndex);
      choice.show();
    };
    /** Nothing is done to a selected order that the user does not see: it is brought into sight. */
    const ifSeen = (action: () => void): (() => void) | undefined =>
      isShown ? (choice.isSeen() ? action : undefined) : show;
    const takeByKey =
      !event.repeat && picks && picks.ids.size > 0
        ? onTakePicked
        : isReady && onTake && reasonOf(active, departures, left) === undefined
          ? ifSeen(() => {
              onTake(active);
            })
          : undefined;
    const actions: Readonly<Record<string, (() => void) | undefined>> = {
      ArrowDown: () => {
        activate(activeIndex + 1);
      },
      ArrowUp: () => {
        activate(activeIndex - 1);
      },
      PageDown: () => {
        activate(activeIndex + page);
      },
      PageUp: () => {
        activate(activeIndex - page);
      },
      Home: () => {
        activate(0);
      },
      End: () => {
        activate(orders.length - 1);
      },
      Escape: () => {
        if (picks && picks.ids.size > 0) picks.clear();
        else choice.choose(undefined);
      },
      Space:
        isReady && picks && target === scroll.current
          ? ifSeen(() => {
              pick(active, event.shiftKey);
            })
          : undefined,
      Enter:
        isReady && target === scroll.current
          ? ifSeen(() => {
              onOpen(active);
            })
          : undefined,
      // The physical key, which has another letter on a Russian keyboard.
      KeyT:
        isPressable && takeByKey
          ? () => {
              unlessScanned(takeByKey);
            }
          : undefined,
    };
    const action = actions[event.code === 'NumpadEnter' ? 'Enter' : event.code];
    if (!action) return;
    event.preventDefault();
    action();
  };

  return (
    <div
      ref={scroll}
      className={`grid ${layout.kind} ${preferences.density} ${picks && picks.ids.size > 0 ? 'picking' : ''}`}
      style={{ '--columns': layout.template, '--row-height': `${String(layout.rowHeight)}rem` } as CSSProperties}
      role="grid"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : orders.length + 1}
      aria-activedescendant={activeIndex < 0 ? undefined : rowId(choice.id)}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className="grid-head">
        <div role="row" aria-rowindex={1} className="grid-row">
          {picks && (
            <div role="columnheader" className="cell-pick">
              <span className="visually-hidden">{t('several.column')}</span>
            </div>
          )}
          {layout.columns.map((column) => (
            <SortHeader key={column} column={column} sort={sort} onSort={layout.kind === 'rows' ? onSort : undefined} />
          ))}
          <div role="columnheader" className="cell-action">
            <span className={onTake ? undefined : 'visually-hidden'}>{t('order.action')}</span>
          </div>
        </div>
      </div>
      <div role="rowgroup" className="grid-body" style={{ blockSize: virtualizer.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const order = orders[index];
          if (!order) return null;
          const reason = reasonOf(order, departures, left);
          return (
            <div
              key={order.id}
              id={rowId(order.id)}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={order.id === choice.id}
              className={[
                'grid-row',
                reason && 'departing',
                arrived.has(order.id) && 'arrived',
                picks?.ids.has(order.id) && 'picked',
              ]
                .filter(Boolean)
                .join(' ')}
              style={{ transform: `translateY(${String(start)}px)` }}
              onClick={() => {
                choice.choose(order.id);
              }}
            >
              {picks && (
                <div role="gridcell" className="cell-pick">
                  {!reason && (
                    <PickBox
                      number={order.number}
                      isPicked={picks.ids.has(order.id)}
                      onPick={(isRange) => {
                        pick(order, isRange);
                      }}
                    />
                  )}
                </div>
              )}
              {layout.columns.map((column) => (
                <div key={column} role="gridcell" className={`cell-${column}`}>
                  <OrderCell order={order} column={column} details={layout.details} now={now} onOpen={onOpen} />
                </div>
              ))}
              <div role="gridcell" className="cell-action">
                <RowAction order={order} reason={reason} isPressable={isPressable} onTake={onTake && take} />
              </div>
            </div>
          );
        })}
      </div>
      {orders.length === 0 && empty}
    </div>
  );
}

function rowId(orderId: string | undefined): string {
  return `order-${orderId ?? ''}`;
}
