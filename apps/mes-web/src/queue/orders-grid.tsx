import type { TFunction } from 'i18next';
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderDto } from '../api/client';
import { useFormats } from '../language/formats';
import { useNow } from '../shell/use-now';
import type { Departure } from './departures';
import { Due } from '../orders/due';
import { PriorityMark } from '../orders/marks';
import './orders-grid.css';

/** The height of a row in pixels, the same as `--row-height` in the style sheet. */
const ROW_HEIGHT = 56;
/** The next page loads when fewer rows than this are left below. */
const NEAR_THE_END = 30;
/** Rows rendered above and below the visible ones, so that scrolling shows no gaps. */
const OVERSCAN = 8;

const features = tableFeatures({});
const column = createColumnHelper<typeof features, OrderDto>();

interface OrdersGridProps {
  readonly label: string;
  readonly orders: readonly OrderDto[];
  readonly departures: ReadonlyMap<string, Departure>;
  /** The order that is selected at first, if it is in the list. */
  readonly chosenId: string | undefined;
  readonly hasMore: boolean;
  readonly onNeedMore: () => void;
  readonly onOpen: (order: OrderDto) => void;
  /** Undefined if the user may not take orders. */
  readonly onTake: ((order: OrderDto) => void) | undefined;
}

/**
 * A grid of any number of orders. Only the visible rows are in the document.
 *
 * The keyboard works as in the grid pattern of ARIA: the grid has the focus, and `aria-activedescendant` names the active row.
 */
export function OrdersGrid(props: OrdersGridProps): ReactNode {
  const { label, orders, departures, chosenId, hasMore, onNeedMore, onOpen, onTake } = props;
  const { t } = useTranslation();
  const formats = useFormats();
  const now = useNow();
  const scroll = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState(chosenId);

  const columns = useMemo(
    () =>
      column.columns([
        column.accessor('number', { header: t('order.number') }),
        column.accessor((order) => order.customer.name, { id: 'customer', header: t('order.customer') }),
        column.accessor((order) => order.product.name, { id: 'product', header: t('order.product') }),
        column.accessor('material', { header: t('order.material') }),
        column.accessor('quantity', {
          header: t('order.quantityShort'),
          cell: ({ getValue }) => formats.number(getValue()),
        }),
        column.accessor('priority', {
          header: t('order.priority'),
          cell: ({ getValue }) => <PriorityMark priority={getValue()} />,
        }),
        column.accessor('dueAt', {
          id: 'due',
          header: t('order.due'),
          cell: ({ getValue }) => <Due dueAt={getValue()} now={now} />,
        }),
        column.accessor('createdAt', {
          id: 'age',
          header: t('order.age'),
          cell: ({ getValue }) => formats.duration(now.getTime() - Date.parse(getValue())),
        }),
      ]),
    [t, formats, now],
  );
  const data = useMemo(() => [...orders], [orders]);
  const table = useTable({ features, columns, data, getRowId: ({ id }) => id });
  const { rows } = table.getRowModel();

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: OVERSCAN,
  });
  const items = virtualizer.getVirtualItems();

  const lastInSight = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastInSight >= rows.length - NEAR_THE_END) onNeedMore();
  }, [hasMore, lastInSight, rows.length, onNeedMore]);

  useScrollAnchor(scroll, orders);
  const activeIndex = orders.findIndex(({ id }) => id === activeId);
  const atFirst = useRef(activeIndex);
  useEffect(() => {
    if (atFirst.current >= 0) virtualizer.scrollToIndex(atFirst.current, { align: 'center' });
    // The keys work at once, without a click into the grid.
    if (document.activeElement === document.body) scroll.current?.focus({ preventScroll: true });
  }, [virtualizer]);

  const activate = (index: number): void => {
    const order = orders[Math.max(0, Math.min(index, orders.length - 1))];
    if (!order) return;
    setActiveId(order.id);
    virtualizer.scrollToIndex(orders.indexOf(order));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1);
    const active = orders[activeIndex];
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
      Enter:
        active && event.target === scroll.current
          ? () => {
              onOpen(active);
            }
          : undefined,
      // The physical key, which has another letter on a Russian keyboard.
      KeyT: active && !departures.has(active.id) ? () => onTake?.(active) : undefined,
    };
    const action = actions[event.code === 'NumpadEnter' ? 'Enter' : event.code];
    if (!action) return;
    event.preventDefault();
    action();
  };

  return (
    <div
      ref={scroll}
      className="grid"
      role="grid"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : orders.length + 1}
      aria-activedescendant={activeIndex < 0 ? undefined : rowId(activeId)}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className="grid-head">
        {table.getHeaderGroups().map((group) => (
          <div key={group.id} role="row" aria-rowindex={1} className="grid-row">
            {group.headers.map((header) => (
              <div key={header.id} role="columnheader" className={`cell-${header.id}`}>
                <table.FlexRender header={header} />
              </div>
            ))}
            <div role="columnheader" className="cell-action">
              {t('order.action')}
            </div>
          </div>
        ))}
      </div>
      <div role="rowgroup" className="grid-body" style={{ blockSize: virtualizer.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          const order = row.original;
          const departure = departures.get(order.id);
          return (
            <div
              key={row.id}
              id={rowId(row.id)}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={row.id === activeId}
              className={departure ? 'grid-row departing' : 'grid-row'}
              style={{ transform: `translateY(${String(start)}px)` }}
              onClick={() => {
                setActiveId(order.id);
              }}
              onDoubleClick={() => {
                onOpen(order);
              }}
            >
              {row.getAllCells().map((cell) => (
                <div key={cell.id} role="gridcell" className={`cell-${cell.column.id}`}>
                  <table.FlexRender cell={cell} />
                </div>
              ))}
              <div role="gridcell" className="cell-action">
                {departure ? (
                  <span className="departure">{departureText(departure, t)}</span>
                ) : (
                  <>
                    <button
                      type="button"
                      className="plain"
                      tabIndex={-1}
                      aria-label={t('order.heading', { number: order.number })}
                      onClick={() => {
                        onOpen(order);
                      }}
                    >
                      ›
                    </button>
                    {onTake && (
                      <button
                        type="button"
                        className="primary"
                        tabIndex={-1}
                        onClick={() => {
                          onTake(order);
                        }}
                      >
                        {t('queue.take')}
                      </button>
                    )}
                  </>
                )}
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function rowId(orderId: string | undefined): string {
  return `order-${orderId ?? ''}`;
}

function departureText(departure: Departure, t: TFunction): string {
  switch (departure.kind) {
    case 'taken-by':
      return t('queue.takenBy', { by: departure.by });
    case 'gone':
      return t(`status.${departure.status}`);
    default:
      return t(`queue.${departure.kind}`);
  }
}

/** Keeps the visible rows in place while orders come and go above them. At the top, new orders push the rows down. */
function useScrollAnchor(scrollRef: RefObject<HTMLDivElement | null>, orders: readonly OrderDto[]): void {
  const before = useRef(orders);
  useLayoutEffect(() => {
    const last = before.current;
    before.current = orders;
    const top = scrollRef.current?.scrollTop ?? 0;
    if (last === orders || top < ROW_HEIGHT) return;
    const first = Math.floor(top / ROW_HEIGHT);
    // The topmost row itself may have gone: the first one that is still there is the anchor.
    for (let index = first; index < Math.min(last.length, first + NEAR_THE_END); index += 1) {
      const found = orders.findIndex(({ id }) => id === last[index]?.id);
      if (found < 0) continue;
      scrollRef.current?.scrollBy({ top: (found - index) * ROW_HEIGHT });
      return;
    }
  }, [orders, scrollRef]);
}
