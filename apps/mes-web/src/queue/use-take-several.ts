import { onlineManager, useQueryClient } from '@tanstack/react-query';
import { changeOrderStatuses, type ChangeStatusesResultDto, type OrderDto } from '../api/client';
import { dataOf, reasonOf } from '../api/problem';
import { useLanguage } from '../language/language-context';
import { isReached, type Outcome } from '../orders/change';
import { useMakeKnown } from '../orders/known-changes';
import { stepsFor } from '../orders/permissions';
import { readSettled, sendOnce } from '../orders/use-change';
import { useSession } from '../session/session-context';
import { useNotices } from '../shell/notices-context';

const TAKEN = 'MANUFACTURING_STARTED';
/** Where orders go that are given back. */
const QUEUED = 'NEW';

/** A status change of several orders, each of exactly the version that the user sees. */
interface Batch {
  readonly to: typeof TAKEN | typeof QUEUED;
  readonly orders: readonly OrderDto[];
}

/** What came of one of the orders. */
interface Result {
  /** The order as it is now, as far as the page knows. */
  readonly order: OrderDto;
  readonly outcome: Outcome;
  /** Whether the order may have been changed. */
  readonly isUnconfirmed?: boolean;
}

/**
 * Returns a function that takes several orders, and shows their outcomes in one notice, which offers to give the orders back.
 *
 * A request is sent once, and only when the user asks for it. If its response is lost, each order is read, so that the outcomes are
 * true.
 */
export function useTakeSeveral(): (orders: readonly OrderDto[]) => Promise<void> {
  const { t } = useLanguage();
  const session = useSession();
  const queries = useQueryClient();
  const { notify } = useNotices();
  const makeKnown = useMakeKnown();

  const make = (batch: Batch): Promise<void> => known(batch, () => attempt(batch));

  async function known({ to, orders }: Batch, attempt: () => Promise<readonly Result[]>): Promise<void> {
    const changes = orders.map((order) => ({ order, to, isExact: true }));
    await makeKnown(changes, async () => (await attempt()).map(({ outcome }) => outcome));
  }

  async function attempt(batch: Batch): Promise<readonly Result[]> {
    const { to, orders } = batch;
    if (!onlineManager.isOnline()) return finish(batch, orders.map(unchanged), { why: t('several.notSent') });
    const changeStatusesDto = { status: to, orders: orders.map(({ id, version }) => ({ id, version })) };
    const sent = await sendOnce(() => dataOf(changeOrderStatuses({ changeStatusesDto })));
    if (sent.is === 'lost') return confirm(batch, sent.settledAt);
    if (sent.is === 'refused') {
      return finish(batch, orders.map(unchanged), { why: t(`problem.${reasonOf(sent.problem)}`) });
    }
    return finish(
      batch,
      orders.map((order) => resultOf(batch, order, stateIn(sent.data, order))),
    );
  }

  /** @param settledAt from then on, a time of `performance.now()`, no change is under way any more */
  async function confirm(batch: Batch, settledAt: number): Promise<readonly Result[]> {
    const { to, orders } = batch;
    const results: Result[] = [];
    // One after another, and only until the first failure: the server may be in trouble.
    for (const order of orders) {
      const found = results.at(-1)?.isUnconfirmed
        ? undefined
        : await readSettled({ order, to, isExact: true }, settledAt);
      results.push(found ? lostResultOf(batch, order, found) : { ...unchanged(order), isUnconfirmed: true });
    }
    return finish(batch, results, { settledAt });
  }

  function resultOf({ to }: Batch, order: OrderDto, now: OrderDto | undefined): Result {
    if (!now) return unchanged(order);
    if (isReached({ order, to }, now, session)) return { order: now, outcome: { kind: 'moved', version: now.version } };
    return now.status === order.status ? unchanged(now) : overtaken(now);
  }

  /** Without an answer, nobody can tell whether the change was made before others have changed the order. */
  function lostResultOf(batch: Batch, order: OrderDto, now: OrderDto): Result {
    const result = resultOf(batch, order, now);
    return result.outcome.kind === 'failed' && now.version !== order.version ? overtaken(now) : result;
  }

  /** Shows what came of the orders. */
  function finish(
    { to, orders }: Batch,
    results: readonly Result[],
    { why = '', settledAt = 0 } = {},
  ): readonly Result[] {
    const moved = ordersOf(results.filter(({ outcome }) => outcome.kind === 'moved'));
    const others = results.flatMap(({ order, outcome }) =>
      outcome.kind === 'overtaken'
        ? `${String(order.number)} (${outcome.status === TAKEN && outcome.by ? outcome.by : t(`status.${outcome.status}`)})`
        : [],
    );
    const failed = results.filter(({ outcome }) => outcome.kind === 'failed');
    const [open, same] = [true, false].map((is) =>
      ordersOf(failed.filter(({ isUnconfirmed = false }) => isUnconfirmed === is)),
    ) as [OrderDto[], OrderDto[]];
    const text = [
      moved.length > 0 && t(to === TAKEN ? 'several.taken' : 'several.returned', { count: moved.length }),
      others.length > 0 && t('several.overtaken', { orders: others.join(', ') }),
      same.length > 0 && t('several.unchanged', { orders: numbersOf(same) }),
      why,
      open.length > 0 && t('several.unconfirmed', { orders: numbersOf(open) }),
    ];
    const taken = to === TAKEN ? moved.filter((order) => stepsFor(order, session).includes(QUEUED)) : [];
    const giveBack = t(`move.${QUEUED}`);
    const action =
      open.length > 0
        ? { label: t('step.check'), run: () => void check({ to, orders: open }, settledAt) }
        : same.length > 0
          ? { label: t('tryAgain'), run: () => void make({ to, orders: same }) }
          : taken.length > 0 && {
              label: giveBack,
              name: t('move.commentFor', { move: giveBack, number: numbersOf(taken) }),
              isUndo: true,
              run: () => void make({ to: QUEUED, orders: taken }),
            };
    notify({
      about: numbersOf(orders),
      tone: moved.length === results.length ? 'good' : 'bad',
      text: text.filter(Boolean).join(' '),
      ...(action && { action }),
      isOpen: failed.length > 0,
    });
    void queries.invalidateQueries();
    return results;
  }

  function check(batch: Batch, settledAt: number): Promise<void> {
    return known(batch, () => confirm(batch, settledAt));
  }

  return (orders) => make({ to: TAKEN, orders });
}

function unchanged(order: OrderDto): Result {
  return { order, outcome: { kind: 'failed' } };
}

function overtaken(order: OrderDto): Result {
  const { status, assignee: by, version } = order;
  return { order, outcome: { kind: 'overtaken', status, by, version } };
}

/** An order as the answer of the API describes it. Undefined if the API has refused the change for another reason than its state. */
function stateIn({ results }: ChangeStatusesResultDto, order: OrderDto): OrderDto | undefined {
  const answer = results.find(({ id }) => id === order.id);
  if (answer?.status === 200) return answer.order;
  if (answer?.currentStatus === undefined || answer.currentVersion === undefined) return undefined;
  return { ...order, status: answer.currentStatus, version: answer.currentVersion, assignee: answer.assignee };
}

function ordersOf(results: readonly Result[]): OrderDto[] {
  return results.map(({ order }) => order);
}

function numbersOf(orders: readonly OrderDto[]): string {
  return orders.map(({ number }) => number).join(', ');
}
