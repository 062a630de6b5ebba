import { onlineManager, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { changeOrderStatuses, type ChangeStatusesResultDto, type OrderDto } from '../api/client';
import { dataOf, reasonOf } from '../api/problem';
import type { Status } from '../orders/permissions';
import { readSettled, sendOnce, type Outcome } from '../orders/use-change';
import { useSession } from '../session/session-context';
import { useNotices } from '../shell/notices-context';

const TAKEN: Status = 'MANUFACTURING_STARTED';

/** What came of one of the orders. */
interface Result {
  readonly order: OrderDto;
  readonly outcome: Outcome;
  /** Whether the order may have been taken. */
  readonly isUnconfirmed?: boolean;
}

type Now = { readonly status: Status; readonly assignee?: string | undefined } | undefined;
type OnOutcome = (order: OrderDto, outcome: Outcome) => void;

/**
 * Returns a function that takes several orders, tells the outcome of each, and shows them all in one notice.
 *
 * The request is sent once, and only when the user asks for it. If its response is lost, each order is read, so that the outcomes
 * are true.
 */
export function useTakeSeveral(onOutcome: OnOutcome): (orders: readonly OrderDto[]) => Promise<void> {
  const { t } = useTranslation();
  const { subject } = useSession();
  const queries = useQueryClient();
  const { notify } = useNotices();

  async function take(orders: readonly OrderDto[]): Promise<void> {
    if (!onlineManager.isOnline()) {
      finish(orders.map(unchanged), { why: t('several.notSent') });
      return;
    }
    const changeStatusesDto = { status: TAKEN, orders: orders.map(({ id }) => ({ id })) };
    const sent = await sendOnce(() => dataOf(changeOrderStatuses({ changeStatusesDto })));
    if (sent.is === 'lost') await confirm(orders, sent.settledAt);
    else if (sent.is === 'refused') finish(orders.map(unchanged), { why: t(`problem.${reasonOf(sent.problem)}`) });
    else finish(orders.map((order) => resultOf(order, stateIn(sent.data, order))));
  }

  /** @param settledAt from then on, a time of `performance.now()`, no change is under way any more */
  async function confirm(orders: readonly OrderDto[], settledAt: number): Promise<void> {
    const results: Result[] = [];
    // One after another, and only until the first failure: the server may be in trouble.
    for (const order of orders) {
      const found = results.at(-1)?.isUnconfirmed ? undefined : await readSettled({ order, to: TAKEN }, settledAt);
      results.push(found ? resultOf(order, found) : { ...unchanged(order), isUnconfirmed: true });
    }
    finish(results, { settledAt });
  }

  function resultOf(order: OrderDto, now: Now): Result {
    if (!now || now.status === order.status) return unchanged(order);
    const { status, assignee: by } = now;
    return {
      order,
      outcome: status === TAKEN && by === subject ? { kind: 'moved' } : { kind: 'overtaken', status, by },
    };
  }

  /** Tells and shows what came of the orders. */
  function finish(results: readonly Result[], { why = '', settledAt = 0 } = {}): void {
    for (const { order, outcome } of results) onOutcome(order, outcome);
    const taken = results.filter(({ outcome }) => outcome.kind === 'moved').length;
    const overtaken = results.flatMap(({ order, outcome }) =>
      outcome.kind === 'overtaken'
        ? `${String(order.number)} (${outcome.status === TAKEN && outcome.by ? outcome.by : t(`status.${outcome.status}`)})`
        : [],
    );
    const failed = results.filter(({ outcome }) => outcome.kind === 'failed');
    const [open, same] = [true, false].map((is) =>
      failed.filter(({ isUnconfirmed = false }) => isUnconfirmed === is).map(({ order }) => order),
    ) as [OrderDto[], OrderDto[]];
    const text = [
      taken === results.length && t('several.taken', { count: taken }),
      taken > 0 && taken < results.length && t('several.takenOf', { taken, count: results.length }),
      overtaken.length > 0 && t('several.overtaken', { orders: overtaken.join(', ') }),
      same.length > 0 && t('several.unchanged', { orders: numbersOf(same) }),
      why,
      open.length > 0 && t('several.unconfirmed', { orders: numbersOf(open) }),
    ];
    const again =
      open.length > 0
        ? { label: t('step.check'), run: () => void confirm(open, settledAt) }
        : { label: t('step.tryAgain'), run: () => void take(same) };
    notify({
      about: 'several',
      tone: taken === results.length ? 'good' : 'bad',
      text: text.filter(Boolean).join(' '),
      ...(failed.length > 0 && { action: again, isOpen: true }),
    });
    void queries.invalidateQueries();
  }
  return take;
}

function unchanged(order: OrderDto): Result {
  return { order, outcome: { kind: 'failed' } };
}

/** The state of an order in the answer of the API. Undefined if it has refused the change for another reason than the state. */
function stateIn({ results }: ChangeStatusesResultDto, { id }: OrderDto): Now {
  const answer = results.find((one) => one.id === id);
  if (answer?.status === 200) return answer.order;
  return answer?.currentStatus && { status: answer.currentStatus, assignee: answer.assignee };
}

function numbersOf(orders: readonly OrderDto[]): string {
  return orders.map(({ number }) => number).join(', ');
}
