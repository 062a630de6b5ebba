import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderDto } from '../api/client';
import { MoveButtons } from '../orders/move-buttons';
import { StatusMark } from '../orders/marks';

interface MoveDialogProps {
  /** The order as it was when the dialog was opened. */
  readonly order: OrderDto;
  /** Whether the order has changed since. */
  readonly isOver: boolean;
  readonly onClose: () => void;
}

/** The dialog with a button for each status that an order may move to. It closes when the order has moved. */
export function MoveDialog({ order, isOver, onClose }: MoveDialogProps): ReactNode {
  const { t } = useTranslation();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    if (isOver) dialog.current?.close();
  }, [isOver]);
  return (
    <dialog
      ref={dialog}
      className="move-dialog"
      aria-labelledby={titleId}
      // The close event of a dialog inside does not bubble in the browser, but it does in React.
      onClose={({ target, currentTarget }) => {
        if (target === currentTarget) onClose();
      }}
    >
      <h2 id={titleId}>{t('order.heading', { number: order.number })}</h2>
      <p>
        <bdi>{order.product.name}</bdi> <StatusMark status={order.status} />
      </p>
      <MoveButtons order={order} />
      <button type="button" onClick={() => dialog.current?.close()}>
        {t('close')}
      </button>
    </dialog>
  );
}
