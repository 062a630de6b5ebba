import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { changeOrderStatus, type OrderDto } from '../api/client';
import { dataOf, Problem } from '../api/problem';
import { useSession } from '../session/session-context';
import { useNotices, type Notice } from '../shell/notices-context';

export type Status = OrderDto['status'];

export interface Move {
  readonly order: Pick<OrderDto, 'id' | 'number' | 'status'>;
  readonly to: Status;
  readonly comment?: string | undefined;
}

/** The result of a move. */
export type Outcome =
  | { readonly kind: 'moved' }
  /** Another user moved the order first. */
  | { readonly kind: 'overtaken'; readonly status: Status; readonly by?: string | undefined }
  | { readonly kind: 'failed' };

/** Returns a function that changes the status of an order and shows the result as a notice. */
export function useMove(): (move: Move) => Promise<Outcome> {
  const { t } = useTranslation();
  const { subject } = useSession();
  const queries = useQueryClient();
  const { notify } = useNotices();
  const { mutateAsync } = useMutation({
    mutationFn: ({ order, to, comment }: Move) =>
      dataOf(changeOrderStatus({ id: order.id, changeStatusDto: { status: to, ...(comment ? { comment } : {}) } })),
    onSettled: () => queries.invalidateQueries(),
  });

  const move = async ({ order, to, comment }: Move): Promise<Outcome> => {
    const { number } = order;
    try {
      const moved = await mutateAsync({ order, to, comment });
      notify(noticeOf(moved));
      return { kind: 'moved' };
    } catch (error) {
      const { currentStatus, assignee } = error instanceof Problem ? error.details : {};
      if (currentStatus === to && assignee === subject) {
        // An earlier attempt did succeed, but its response was lost.
        notify({ tone: 'good', text: t('notice.moved', { number, status: t(`status.${to}`) }) });
        return { kind: 'moved' };
      }
      if (currentStatus !== undefined) {
        const byOther = currentStatus === 'MANUFACTURING_STARTED' && assignee !== undefined && assignee !== subject;
        notify({
          tone: 'bad',
          text: byOther
            ? t('notice.takenByOther', { number, by: assignee })
            : t('notice.movedOn', { number, status: t(`status.${currentStatus}`) }),
        });
        return { kind: 'overtaken', status: currentStatus, by: assignee };
      }
      notify({
        tone: 'bad',
        text:
          error instanceof Problem && error.status < 500
            ? t('notice.refused', { number, why: error.message })
            : t('notice.failed', { number }),
      });
      return { kind: 'failed' };
    }
  };

  /** The notice of a successful move. After taking an order it offers to put it on hold. */
  function noticeOf(moved: OrderDto): Notice {
    const { number, status } = moved;
    if (status !== 'MANUFACTURING_STARTED' || moved.assignee !== subject) {
      return { tone: 'good', text: t('notice.moved', { number, status: t(`status.${status}`) }) };
    }
    return {
      tone: 'good',
      text: t('notice.taken', { number }),
      ...(moved.nextStatuses.includes('ON_HOLD')
        ? { action: { label: t('move.ON_HOLD'), run: () => void move({ order: moved, to: 'ON_HOLD' }) } }
        : {}),
    };
  }
  return move;
}
