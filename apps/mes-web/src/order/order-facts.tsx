import { useState, type ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { isMove, PRIORITIES } from '../orders/change';
import { ChoiceDialog } from '../orders/choice-dialog';
import { Due } from '../orders/due';
import { PriorityMark } from '../orders/marks';
import { mayEdit } from '../orders/permissions';
import { Sending } from '../orders/sending';
import { useChanging } from '../orders/use-changing';
import { useSession } from '../session/session-context';
import { useNow } from '../shell/use-now';
import { DueDialog } from './due-dialog';

interface OrderFactsProps {
  readonly order: OrderDto;
}

/** What a dialog asks about. The order is the one that the user pressed for. */
interface Question {
  readonly order: OrderDto;
  readonly field: 'priority' | 'dueAt';
}

/** All data of an order. The user changes here what the API lets the user change. */
export function OrderFacts({ order }: OrderFactsProps): ReactNode {
  const { t, formats } = useLanguage();
  const session = useSession();
  const now = useNow();
  const { underWay, isDisabled, change } = useChanging(order);
  const [question, setQuestion] = useState<Question>();
  const close = (): void => {
    setQuestion(undefined);
  };
  const edit = (value: string | null): void => {
    close();
    if (question) void change({ ...question, value });
  };
  const titleOf = (field: Question['field'], { number }: OrderDto): string =>
    t('move.commentFor', { move: t(field === 'priority' ? 'change.changePriority' : 'change.changeDue'), number });

  const facts: [name: string, value: ReactNode, field?: Question['field']][] = [
    [t('order.priority'), <PriorityMark key="priority" priority={order.priority} />, 'priority'],
    [t('order.due'), <Due key="due" dueAt={order.dueAt} status={order.status} now={now} isExact />, 'dueAt'],
    [t('order.product'), order.product.name],
    [t('order.material'), order.material],
    [t('order.quantity'), formats.number(order.quantity)],
    [t('order.comment'), order.comment],
    [t('order.assignee'), order.assignee],
    [t('order.customer'), `${order.customer.name} (${order.customer.id})`],
    [t('order.price'), order.price && formats.money(order.price.amount, order.price.currency)],
    [t('order.model'), order.product.modelUrl !== undefined && <ModelLink key="model" url={order.product.modelUrl} />],
    [t('order.source'), t(`source.${order.source}`)],
    [t('order.externalId'), order.externalId],
    [t('order.createdBy'), order.createdBy],
    [t('order.createdAt'), formats.dateAndTime(new Date(order.createdAt))],
  ];
  return (
    <div>
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== undefined && value !== false)
          .map(([name, value, field]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">
                {value}
                {field && underWay && !isMove(underWay) && underWay.field === field && <Sending />}
                {field && mayEdit(field, order, session) && (
                  <button
                    type="button"
                    disabled={isDisabled}
                    aria-label={titleOf(field, order)}
                    onClick={() => {
                      setQuestion({ order, field });
                    }}
                  >
                    {t('change.change')}
                  </button>
                )}
              </dd>
            </div>
          ))}
      </dl>
      {question?.field === 'priority' && (
        <ChoiceDialog
          title={titleOf('priority', question.order)}
          label={t('order.priority')}
          choices={PRIORITIES.toReversed().map((value) => ({ value, text: t(`priority.${value}`) }))}
          current={question.order.priority}
          onChoose={edit}
          onClose={close}
        />
      )}
      {question?.field === 'dueAt' && (
        <DueDialog
          title={titleOf('dueAt', question.order)}
          dueAt={question.order.dueAt}
          onChange={edit}
          onClose={close}
        />
      )}
    </div>
  );
}

function ModelLink({ url }: { readonly url: string }): ReactNode {
  const { t } = useLanguage();
  // The URL comes from a partner. Only http(s) becomes a link: a `javascript:` URL would run in this page.
  if (!/^https?:\/\//i.test(url)) return url;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {t('order.openModel')}
    </a>
  );
}
