import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, type ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { usePollingInterval } from '../live/live-context';
import { MoveButtons } from '../orders/move-buttons';
import { StatusMark } from '../orders/marks';
import { orderQuery } from '../orders/order-query';
import { openModal } from '../shell/modals';
import '../orders/dialog.css';

interface MoveDialogProps {
  /** The order as it was when the dialog was opened. */
  readonly asked: OrderDto;
  readonly onClose: () => void;
}

/** The dialog with a button for each status that an order may move to. It closes after a change. */
export function MoveDialog({ asked, onClose }: MoveDialogProps): ReactNode {
  const { t } = useLanguage();
  const { data: loaded = asked } = useQuery({ ...orderQuery(asked.id), refetchInterval: usePollingInterval() });
  // What is kept from an earlier visit to the order may be older than the card.
  const order = loaded.version > asked.version ? loaded : asked;
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => (dialog.current ? openModal(dialog.current) : undefined), []);
  const close = (): void => {
    dialog.current?.close();
  };
  return (
    <dialog
      ref={dialog}
      className="dialog move-dialog"
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
      <MoveButtons order={order} onDone={close} />
      <button type="button" onClick={close}>
        {t('close')}
      </button>
    </dialog>
  );
}
