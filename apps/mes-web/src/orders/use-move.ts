import { onlineManager, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { changeOrderStatus, getOrder, type OrderDto } from '../api/client';
import { TIME_LIMITS } from '../api/connect';
import { dataOf, Problem, reasonOf } from '../api/problem';
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
  /** The order was not moved, or it is not known. The notice says which. */
  | { readonly kind: 'failed' };

/** The pause between two reads of an order, in milliseconds. */
const PAUSE = 1_000;

/** The number of failed reads after which the page gives up. */
const MAX_FAILURES = 3;

/**
 * Returns a function that changes the status of an order and shows the result as a notice.
 *
 * A change is sent once, and only when the user asks for it. If its response is lost, the order is read, so that the notice says
 * what is true. The result does not wait for the refresh of the screen.
 */
export function useMove(): (move: Move) => Promise<Outcome> {
  const { t } = useTranslation();
  const { subject } = useSession();
  const queries = useQueryClient();
  const { notify } = useNotices();

  function finish(order: Move['order'], outcome: Outcome, notice: Omit<Notice, 'about' | 'tone'>): Outcome {
    notify({ about: order.id, tone: outcome.kind === 'moved' ? 'good' : 'bad', ...notice });
    void queries.invalidateQueries();
    return outcome;
  }

  async function move(asked: Move): Promise<Outcome> {
    const { order } = asked;
    if (!onlineManager.isOnline()) return offerAgain(asked, t('step.notSent', { number: order.number }));
    const { id } = order;
    const changeStatusDto = { status: asked.to, ...(asked.comment ? { comment: asked.comment } : {}) };
    const sent = await sendOnce(() => dataOf(changeOrderStatus({ id, changeStatusDto })));
    if (sent.is === 'made') return succeed(sent.data);
    if (sent.is === 'lost') return confirm(asked, sent.settledAt);
    const { currentStatus: status, assignee } = sent.problem.details;
    if (status !== undefined) return conclude(asked, { status, assignee });
    const why = t(`problem.${reasonOf(sent.problem)}`);
    return finish(order, { kind: 'failed' }, { text: t('notice.refused', { number: order.number, why }) });
  }

  /**
   * Finds out what became of a change whose response was lost.
   *
   * @param settledAt see {@link Sent}
   */
  async function confirm(asked: Move, settledAt: number): Promise<Outcome> {
    const { order } = asked;
    const found = await readSettled(order, settledAt);
    if (found) return conclude(asked, found);
    return finish(
      order,
      { kind: 'failed' },
      {
        text: t('step.unconfirmed', { number: order.number }),
        action: { label: t('step.check'), run: () => void confirm(asked, settledAt) },
        isOpen: true,
      },
    );
  }

  /** Tells what the present status of the order means for the change that was asked for. */
  function conclude(asked: Move, { status, assignee }: { status: Status; assignee?: string | undefined }): Outcome {
    const { order } = asked;
    const { number } = order;
    const isTaken = status === 'MANUFACTURING_STARTED';
    const statusName = t(`status.${status}`);
    const outcome = outcomeOf(asked, { status, assignee }, subject);
    if (outcome.kind === 'failed') return offerAgain(asked, t('step.unchanged', { number, status: statusName }));
    if (outcome.kind === 'moved') {
      const text = isTaken ? t('notice.taken', { number }) : t('notice.moved', { number, status: statusName });
      return finish(order, outcome, { text });
    }
    const text =
      isTaken && assignee !== undefined && assignee !== subject
        ? t('notice.takenByOther', { number, by: assignee })
        : t('notice.movedOn', { number, status: statusName });
    return finish(order, outcome, { text });
  }

  function offerAgain(asked: Move, text: string): Outcome {
    const action = { label: t('step.tryAgain'), run: () => void move(asked) };
    return finish(asked.order, { kind: 'failed' }, { text, action, isOpen: true });
  }

  /** After taking an order, the notice offers to give it back. */
  function succeed(moved: OrderDto): Outcome {
    const { number, status, assignee, nextStatuses } = moved;
    if (status !== 'MANUFACTURING_STARTED' || assignee !== subject) {
      return finish(moved, { kind: 'moved' }, { text: t('notice.moved', { number, status: t(`status.${status}`) }) });
    }
    const giveBack = { label: t('move.NEW'), run: () => void move({ order: moved, to: 'NEW' }) };
    const text = t('notice.taken', { number });
    return finish(moved, { kind: 'moved' }, { text, ...(nextStatuses.includes('NEW') ? { action: giveBack } : {}) });
  }
  return move;
}

/** What the present status of an order means for a move: it is made, another one was faster, or nothing has changed. */
export function outcomeOf(
  { order, to }: Move,
  { status, assignee }: { readonly status: Status; readonly assignee?: string | undefined },
  subject: string,
): Outcome {
  if (status === to && (assignee === subject || status !== 'MANUFACTURING_STARTED')) return { kind: 'moved' };
  return status === order.status ? { kind: 'failed' } : { kind: 'overtaken', status, by: assignee };
}

/** What is known of a change after it was sent. */
type Sent<T> =
  | { readonly is: 'made'; readonly data: T }
  | { readonly is: 'refused'; readonly problem: Problem }
  /** From `settledAt` on, a time of `performance.now()`, the change is not under way any more. */
  | { readonly is: 'lost'; readonly settledAt: number };

/** Sends a change once. */
export async function sendOnce<T>(call: () => Promise<T>): Promise<Sent<T>> {
  const sentAt = performance.now();
  try {
    return { is: 'made', data: await call() };
  } catch (error) {
    if (!(error instanceof Problem)) return { is: 'lost', settledAt: sentAt + TIME_LIMITS.write };
    if (error.isDecision) return { is: 'refused', problem: error };
    // A proxy may give up while the API goes on. The API itself names the problem when it has ended.
    return { is: 'lost', settledAt: error.details.code === undefined ? sentAt + TIME_LIMITS.write : sentAt };
  }
}

/**
 * Reads an order until its status differs from that of `order`, or nothing can change it any more.
 *
 * @returns undefined if the API does not answer
 */
export async function readSettled(order: Move['order'], settledAt: number): Promise<OrderDto | undefined> {
  let failures = 0;
  for (;;) {
    const isSettled = performance.now() >= settledAt;
    try {
      const found = await dataOf(getOrder({ id: order.id }));
      if (found.status !== order.status || isSettled) return found;
    } catch {
      failures += 1;
      if (failures === MAX_FAILURES || !onlineManager.isOnline()) return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
