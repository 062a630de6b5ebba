import { memo, type ReactNode } from 'react';
import { Link } from 'react-router';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { Due } from '../orders/due';
import { PriorityMark } from '../orders/marks';
import type { Status } from '../orders/permissions';

interface BoardCardProps {
  readonly order: OrderDto;
  readonly now: Date;
  /** Whether the keyboard reaches the card with Tab. */
  readonly isTabStop: boolean;
  /** Whether a move of the order is under way. */
  readonly isSending: boolean;
  /** The status to which the order has left the column. Undefined if it is still there. */
  readonly goneTo: Status | 'unknown' | undefined;
  /** Undefined if the order cannot be moved. */
  readonly onMove: ((order: OrderDto) => void) | undefined;
}

/** An order on the board. */
export const BoardCard = memo(function BoardCard(props: BoardCardProps): ReactNode {
  const { order, now, isTabStop, isSending, goneTo, onMove } = props;
  const { t, formats } = useLanguage();
  const tabIndex = isTabStop ? 0 : -1;
  return (
    <>
      <div className="board-card-head">
        <Link
          to={`/orders/${order.id}`}
          tabIndex={tabIndex}
          draggable={false}
          aria-label={t('order.heading', { number: order.number })}
        >
          {order.number}
        </Link>
        {(isSending || goneTo) && (
          <span className="board-card-state">
            {isSending || goneTo === undefined
              ? t('step.sending')
              : goneTo === 'unknown'
                ? t('held.gone')
                : t(`status.${goneTo}`)}
          </span>
        )}
        {onMove && order.nextStatuses.length > 0 && (
          <button
            type="button"
            className="plain"
            tabIndex={tabIndex}
            aria-haspopup="dialog"
            aria-label={t('board.moveOrder', { number: order.number })}
            title={t('board.move')}
            onClick={() => {
              onMove(order);
            }}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M4 12h15M13 6l6 6-6 6" />
            </svg>
          </button>
        )}
      </div>
      <p className="board-card-product">
        {order.quantity > 1 && `${formats.number(order.quantity)} × `}
        <bdi title={order.product.name}>{order.product.name}</bdi>
      </p>
      <div className="board-card-facts">
        <PriorityMark priority={order.priority} />
        {order.assignee !== undefined && (
          <span title={t('board.by', { name: order.assignee })}>
            <span className="visually-hidden">{t('order.assignee')}: </span>
            <bdi>{order.assignee}</bdi>
          </span>
        )}
      </div>
      <div className="board-card-facts">
        {order.dueAt !== undefined && <Due dueAt={order.dueAt} status={order.status} now={now} />}
      </div>
    </>
  );
});
