import { useCallback, useEffect, useEffectEvent, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { useIsFresh, useLiveEvents } from '../live/live-context';
import { FilterBar } from '../orders/filter-bar';
import { useKnownChanges } from '../orders/known-changes';
import { ListOrBoard } from '../orders/list-or-board';
import { filtersOf } from '../orders/orders-view';
import type { Status } from '../orders/permissions';
import { useChange } from '../orders/use-change';
import { useStatusCounts } from '../orders/use-counts';
import { useView } from '../orders/use-view';
import { ValueFilter } from '../orders/value-filter';
import { ViewsMenu } from '../orders/views-menu';
import { mayMoveOrders } from '../session/session';
import { useSession } from '../session/session-context';
import { isInSight } from '../shell/in-sight';
import { isFocusSeen } from '../shell/keep-focus';
import { unlessScanned } from '../shell/scanner-keys';
import { useNow } from '../shell/use-now';
import { useScrollPlace } from '../shell/use-scroll-place';
import { useTitle } from '../shell/use-title';
import { BoardCard } from './board-card';
import { BoardColumn } from './board-column';
import { BOARD_STATUSES, dropOf } from './board-columns';
import { withMove, withOwnMoves, type LastMoves } from './last-moves';
import { MoveDialog } from './move-dialog';
import { useCardDrag } from './use-card-drag';
import './board-page.css';

/** The board: a column for each status, with the orders as cards that can be moved. */
export function BoardPage(): ReactNode {
  const { t } = useLanguage();
  const session = useSession();
  const mayMove = mayMoveOrders(session);
  const isFresh = useIsFresh();
  const now = useNow();
  const [view, changeView] = useView();
  const counts = useStatusCounts(filtersOf(view) === 0).data?.counts;
  const change = useChange();
  const known = useKnownChanges();
  const [lastKnown, setLastKnown] = useState(known);
  const [moves, setMoves] = useState<LastMoves>(new Map());
  if (lastKnown !== known) {
    setLastKnown(known);
    setMoves((last) => withOwnMoves(last, lastKnown, known));
  }
  const [asked, setAsked] = useState<OrderDto>();
  useTitle(t('board.title'));

  useLiveEvents((event) => {
    // Later moves may have been missed.
    if (event.type === 'caught-up') setMoves(new Map());
    if (event.type !== 'order.status-changed') return;
    const { id, version, status, by } = event.order;
    setMoves((last) => withMove(last, id, { status: status as Status, version, isOwn: by === session.subject }));
  });

  const drop = (order: OrderDto, to: Status): void => {
    const what = dropOf(order, to, session);
    if (what === 'ask') setAsked(order);
    if (what === 'move' && isFresh) void change({ order, to });
  };
  const columns = useRef<HTMLDivElement>(null);
  const place = useScrollPlace('board');
  const scrollToPlace = useEffectEvent(() => columns.current?.scrollTo({ left: place.last() }));
  useEffect(() => {
    scrollToPlace();
  }, []);
  const { drag, ghost, onPress } = useCardDrag(columns, drop);

  const onMove = useCallback((order: OrderDto) => {
    setAsked(order);
  }, []);
  return (
    <main className="board" id="content">
      <div className="board-heading">
        <h1>{t('board.title')}</h1>
        <span className="board-keys">{mayMove && t('board.keys')}</span>
        <ListOrBoard shown="board" />
      </div>
      <FilterBar
        view={view}
        onChange={changeView}
        field={
          <ValueFilter
            label={t('order.assignee')}
            placeholder={t('filters.anyAssignee')}
            value={view.assignee}
            valueOf={assigneeOf}
            onChange={(assignee, replace) => {
              changeView({ ...view, assignee }, replace);
            }}
          />
        }
      >
        <ViewsMenu shown="board" view={view} onChoose={changeView} />
      </FilterBar>
      <div
        ref={columns}
        className={drag ? 'board-columns dragging' : 'board-columns'}
        onKeyDown={onKeyDown}
        onScroll={({ currentTarget }) => {
          place.remember(currentTarget.scrollLeft);
        }}
      >
        {BOARD_STATUSES.map((status) => (
          <BoardColumn
            key={status}
            status={status}
            view={view}
            all={counts && { count: counts[status], isExact: true }}
            now={now}
            drag={drag}
            known={known}
            moves={moves}
            onPress={onPress}
            onMove={mayMove && isFresh ? onMove : undefined}
          />
        ))}
      </div>
      {drag && (
        <div ref={ghost} className="board-ghost" aria-hidden="true">
          <div className="board-card">
            <BoardCard
              order={drag.order}
              now={now}
              isTabStop={false}
              isSending={false}
              goneTo={undefined}
              onMove={undefined}
            />
          </div>
        </div>
      )}
      {asked && (
        <MoveDialog
          key={asked.id}
          asked={asked}
          onClose={() => {
            setAsked(undefined);
          }}
        />
      )}
    </main>
  );
}

function assigneeOf({ assignee }: OrderDto): string | undefined {
  return assignee;
}

/** Moves the focus from card to card. */
function onKeyDown(event: KeyboardEvent): void {
  const card = (event.target as Element).closest('.board-card');
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const column = card.closest('.board-column');
  const isVisible = isInSight(card, card.parentElement) && isInSight(card, event.currentTarget);
  const show = (): void => {
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
  const actions: Readonly<Record<string, (() => void) | undefined>> = {
    ArrowDown: () => {
      focusCard(card.nextElementSibling);
    },
    ArrowUp: () => {
      focusCard(card.previousElementSibling);
    },
    Home: () => {
      focusCard(card.parentElement?.firstElementChild);
    },
    End: () => {
      focusCard(card.parentElement?.lastElementChild);
    },
    ArrowRight: () => {
      focusColumn(column, 'nextElementSibling');
    },
    ArrowLeft: () => {
      focusColumn(column, 'previousElementSibling');
    },
    // Nothing is done to an order that the user does not see.
    Enter: isVisible ? undefined : show,
    // The physical key, which has another letter on a Russian keyboard.
    KeyM:
      event.repeat || !isFocusSeen()
        ? undefined
        : () => {
            unlessScanned(() => {
              if (isVisible) card.querySelector('button')?.click();
              else show();
            });
          },
  };
  const action = actions[event.code === 'NumpadEnter' ? 'Enter' : event.code];
  if (!action) return;
  event.preventDefault();
  action();
}

function focusCard(card: Element | null | undefined): void {
  card?.querySelector('a')?.focus();
}

/** Focuses the card of the next column that has any. */
function focusColumn(from: Element | null, side: 'nextElementSibling' | 'previousElementSibling'): void {
  for (let column = from?.[side]; column; column = column[side]) {
    const card = column.querySelector<HTMLElement>('a[tabindex="0"]');
    if (!card) continue;
    card.focus();
    return;
  }
}
