import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { useSession } from '../session/session-context';
import { isMove, labelOf, needsReason, type HoldReason } from './change';
import { CommentDialog } from './comment-dialog';
import { HandOverDialog } from './hand-over-dialog';
import { HoldDialog } from './hold-dialog';
import { mayEdit, stepsFor, type Status } from './permissions';
import { Sending } from './sending';
import { useChanging } from './use-changing';
import './move-buttons.css';

interface MoveButtonsProps {
  readonly order: OrderDto;
  /** Called after a change, unless it has failed. */
  readonly onDone?: () => void;
  /** Called when a dialog opens or closes. */
  readonly onAsking?: (isAsking: boolean) => void;
}

/** What a dialog asks about. The order is the one that the user pressed for. */
interface Question {
  readonly order: OrderDto;
  readonly to: Status | 'somebody';
}

/** A button for each step that the user may make, and one to hand the order over. */
export function MoveButtons({ order, onDone, onAsking }: MoveButtonsProps): ReactNode {
  const { t } = useLanguage();
  const session = useSession();
  const { underWay, isDisabled, change } = useChanging(order, onDone);
  const [question, setQuestion] = useState<Question>();
  const buttons = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The buttons of the last step have left it the focus.
    if (!isDisabled && document.activeElement === buttons.current) buttons.current?.querySelector('button')?.focus();
  }, [isDisabled]);
  const steps = stepsFor(order, session);
  const nameOf = (label: string, { number }: OrderDto): string => t('move.commentFor', { move: label, number });

  const ask = (next: Question | undefined): void => {
    setQuestion(next);
    onAsking?.(next !== undefined);
  };
  const choose = (to: Status): void => {
    if (needsReason(order.status, to)) ask({ order, to });
    else void change({ order, to });
  };
  const close = (): void => {
    ask(undefined);
  };
  const move = (asked: OrderDto, to: Status, comment: string, reason?: HoldReason): void => {
    close();
    // Somebody else may have taken the order while the dialog was open: the reason was not meant for their work.
    void change({ order: asked, to, comment, reason, isExact: true });
  };

  return (
    <div className="moves" ref={buttons} tabIndex={-1} onKeyDown={ignoreHeldEnter}>
      {steps.map((to, index) => {
        const label = t(labelOf(order.status, to));
        return (
          <button
            key={to}
            type="button"
            className={index === 0 ? 'primary' : to === 'CANCELLED' ? 'danger' : undefined}
            disabled={isDisabled}
            aria-label={nameOf(label, order)}
            onClick={() => {
              choose(to);
            }}
          >
            {label}
          </button>
        );
      })}
      {mayEdit('assignee', order, session) && (
        <button
          type="button"
          disabled={isDisabled}
          aria-label={nameOf(t('change.handOver'), order)}
          onClick={() => {
            ask({ order, to: 'somebody' });
          }}
        >
          {t('change.handOver')}
        </button>
      )}
      {underWay && (isMove(underWay) || underWay.field === 'assignee') && <Sending />}
      {question && renderQuestion(question)}
    </div>
  );

  function renderQuestion({ order: asked, to }: Question): ReactNode {
    if (to === 'somebody') {
      return (
        <HandOverDialog
          title={nameOf(t('change.handOver'), asked)}
          order={asked}
          onChoose={(value) => {
            close();
            void change({ order: asked, field: 'assignee', value });
          }}
          onClose={close}
        />
      );
    }
    const title = nameOf(t(labelOf(asked.status, to)), asked);
    if (to === 'ON_HOLD') {
      return (
        <HoldDialog
          title={title}
          onHold={(reason, comment) => {
            move(asked, to, comment, reason);
          }}
          onClose={close}
        />
      );
    }
    return (
      <CommentDialog
        title={title}
        label={t('hold.reason')}
        onSubmit={(comment) => {
          move(asked, to, comment);
        }}
        onClose={close}
      />
    );
  }
}

/** Ignores the repeats of a held Enter key: after a step, the focus is on the next one, which must not be made as well. */
function ignoreHeldEnter(event: KeyboardEvent): void {
  if (event.key === 'Enter' && event.repeat && event.target instanceof HTMLButtonElement) event.preventDefault();
}
