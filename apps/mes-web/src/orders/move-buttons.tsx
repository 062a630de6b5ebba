import { useId, useRef, useState, type SubmitEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderDto } from '../api/client';
import { useIsFresh } from '../live/live-context';
import type { Session } from '../session/session';
import { useSession } from '../session/session-context';
import { useJustChanged } from '../shell/use-just-changed';
import { useMove, type Status } from './use-move';
import './move-buttons.css';

interface MoveButtonsProps {
  readonly order: OrderDto;
}

/** A button for each status that the order may move to. The API sends them with the order. */
export function MoveButtons({ order }: MoveButtonsProps): ReactNode {
  const { t } = useTranslation();
  const session = useSession();
  const move = useMove();
  const dialog = useRef<HTMLDialogElement>(null);
  const commentId = useId();
  const [asked, setAsked] = useState<Status>();
  const isFresh = useIsFresh();
  const [isSending, setSending] = useState(false);
  /** The version of the order that has moved. The buttons of the next version come with the refresh. */
  const [movedVersion, setMovedVersion] = useState<number>();
  // After a step, other steps are where the last ones were: a double click must not do two.
  const justMoved = useJustChanged(order.status);
  const isDisabled = isSending || !isFresh || justMoved || movedVersion === order.version;

  const run = async (to: Status, comment?: string): Promise<void> => {
    setSending(true);
    const { kind } = await move({ order, to, comment });
    setSending(false);
    if (kind !== 'failed') setMovedVersion(order.version);
  };
  const choose = (to: Status): void => {
    if (!needsReason(order.status, to)) {
      void run(to);
      return;
    }
    setAsked(to);
    dialog.current?.showModal();
  };
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const comment = new FormData(event.currentTarget).get('comment');
    dialog.current?.close();
    if (asked) void run(asked, typeof comment === 'string' ? comment.trim() : undefined);
  };

  return (
    <div className="moves">
      {offeredTo(session, order).map((to, index) => (
        <button
          key={to}
          type="button"
          className={index === 0 ? 'primary' : undefined}
          disabled={isDisabled}
          aria-label={t('move.commentFor', { move: t(labelOf(order.status, to)), number: order.number })}
          onClick={() => {
            choose(to);
          }}
        >
          {t(labelOf(order.status, to))}
        </button>
      ))}
      {isSending && (
        <span className="moves-sending" role="status">
          {t('step.sending')}
        </span>
      )}
      <dialog ref={dialog} aria-labelledby={`${commentId}-title`}>
        {asked && (
          <form onSubmit={submit}>
            <h2 id={`${commentId}-title`}>
              {t('move.commentFor', { move: t(labelOf(order.status, asked)), number: order.number })}
            </h2>
            <label htmlFor={commentId}>{t('move.comment')}</label>
            {/* The API accepts a pause with a comment in place of a reason. */}
            <textarea id={commentId} name="comment" rows={3} maxLength={2_000} required={asked === 'ON_HOLD'} />
            <div className="moves">
              <button type="submit" className="primary" disabled={isDisabled}>
                {t('move.confirm')}
              </button>
              <button type="button" onClick={() => dialog.current?.close()}>
                {t('move.dismiss')}
              </button>
            </div>
          </form>
        )}
      </dialog>
    </div>
  );
}

/** The statuses that a user may choose: only the assignee and admins give an order back to the queue. */
function offeredTo({ subject, roles }: Session, { nextStatuses, status, assignee }: OrderDto): readonly Status[] {
  const mayGiveBack = status !== 'MANUFACTURING_STARTED' || assignee === subject || roles.includes('admin');
  return mayGiveBack ? nextStatuses : nextStatuses.filter((to) => to !== 'NEW');
}

/** Unusual moves ask for a reason, which the history shows later. */
function needsReason(from: Status, to: Status): boolean {
  return to === 'ON_HOLD' || to === 'CANCELLED' || isRework(from, to);
}

function isRework(from: Status, to: Status): boolean {
  return from === 'MANUFACTURING_COMPLETED' && to === 'MANUFACTURING_STARTED';
}

function labelOf(from: Status, to: Status): `move.${Status | 'rework' | 'resume'}` {
  if (isRework(from, to)) return 'move.rework';
  return from === 'ON_HOLD' && to === 'MANUFACTURING_STARTED' ? 'move.resume' : `move.${to}`;
}
