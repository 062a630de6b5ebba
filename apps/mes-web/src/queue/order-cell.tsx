import type { MouseEvent, ReactNode } from 'react';
import { Link } from 'react-router';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { Due } from '../orders/due';
import { PriorityMark } from '../orders/marks';
import type { Column } from './list-layout';

interface OrderCellProps {
  readonly order: OrderDto;
  readonly column: Column;
  /** Columns without room. Their contents stand below the name of the product. */
  readonly details: readonly Column[];
  readonly now: Date;
  readonly onOpen: (order: OrderDto) => void;
}

/** What an order shows in a column. */
export function OrderCell({ order, column, details, now, onOpen }: OrderCellProps): ReactNode {
  const { formats } = useLanguage();
  switch (column) {
    case 'number':
      return <OrderLink order={order} onOpen={onOpen} />;
    case 'customer':
      return <Name text={order.customer.name} />;
    case 'product':
      return (
        <>
          <Name text={order.product.name} />
          {details.length > 0 && (
            <small>
              {details.includes('material') && <bdi>{order.material}</bdi>}{' '}
              {details.includes('quantity') && `× ${formats.number(order.quantity)}`}
            </small>
          )}
        </>
      );
    case 'material':
      return <Name text={order.material} />;
    case 'quantity':
      return formats.number(order.quantity);
    case 'priority':
      return <PriorityMark priority={order.priority} />;
    case 'due':
      return <Due dueAt={order.dueAt} status={order.status} now={now} />;
    case 'age':
      return formats.duration(now.getTime() - Date.parse(order.createdAt));
  }
}

/** A name that may be longer than its place, and may run from right to left. */
function Name({ text }: { readonly text: string }): ReactNode {
  return (
    <span className="name" dir="auto" title={text}>
      {text}
    </span>
  );
}

interface OrderLinkProps {
  readonly order: OrderDto;
  readonly onOpen: (order: OrderDto) => void;
}

/** The number of an order, as a link to it. */
function OrderLink({ order, onOpen }: OrderLinkProps): ReactNode {
  const { t } = useLanguage();
  return (
    <Link
      to={`/orders/${order.id}`}
      tabIndex={-1}
      aria-label={t('order.heading', { number: order.number })}
      onClick={(event) => {
        if (!isPlain(event)) return;
        event.preventDefault();
        onOpen(order);
      }}
    >
      {order.number}
    </Link>
  );
}

/** Whether the click opens the link in this tab. */
function isPlain({ button, ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  return button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey;
}
