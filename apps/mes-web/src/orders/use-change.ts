import { onlineManager, useQueryClient } from '@tanstack/react-query';
import { getOrder, getOrderHistory, type OrderDto } from '../api/client';
import { TIME_LIMITS } from '../api/connect';
import { dataOf, Problem, reasonOf } from '../api/problem';
import { useLanguage } from '../language/language-context';
import { useSession } from '../session/session-context';
import { keepUnsavedTexts } from '../session/unsaved-texts';
import { useNotices, type Notice } from '../shell/notices-context';
import { isMove, isReached, isSuperseded, labelOf, send, undoOf, type Change, type Edit, type Outcome } from './change';
import { useMakeKnown } from './known-changes';
import { mayEdit } from './permissions';
import { useFact } from './use-fact';

/** The pause between two reads of an order, in milliseconds. */
const PAUSE = 1_000;

/** The number of failed reads after which the page gives up. */
const MAX_FAILURES = 3;

/**
 * Returns a function that changes an order and shows the result as a notice, which offers the way back where there is one.
 *
 * A change is sent once, and only when the user asks for it. If it is refused or its response is lost, the order is read, so that
 * the notice says what is true. The result does not wait for the refresh of the screen. All screens know of it, whichever it was
 * asked for on.
 */
export function useChange(): (change: Change) => Promise<Outcome> {
  const { t } = useLanguage();
  const factOf = useFact();
  const session = useSession();
  const queries = useQueryClient();
  const { notify } = useNotices();
  const makeKnown = useMakeKnown();

  const make = (change: Change): Promise<Outcome> => known(change, () => attempt(change));

  /** Lets all screens know of the attempt. */
  async function known(change: Change, attempt: () => Promise<Outcome>): Promise<Outcome> {
    const [outcome] = await makeKnown([change], async () => [await attempt()] as const);
    return outcome;
  }

  function finish(change: Change, outcome: Outcome, notice: Omit<Notice, 'about' | 'tone'>): Outcome {
    const isMade = outcome.kind === 'moved';
    const isFinal = isMade && !notice.action && !change.isUndo;
    notify({ about: change.order.id, tone: isMade ? 'good' : 'bad', isFinal, ...notice });
    void queries.invalidateQueries();
    return outcome;
  }

  async function attempt(change: Change): Promise<Outcome> {
    const { number } = change.order;
    if (!onlineManager.isOnline()) return offer(change, t('step.notSent', { number }));
    let complete: Change;
    try {
      complete = await withHoldComment(change);
    } catch (error) {
      return offer(change, t('notice.refused', { number, why: t(`problem.${reasonOf(error as Error)}`) }));
    }
    const sent = await sendOnce(() => send(complete));
    if (sent.is === 'made') return succeed(change, sent.data);
    if (sent.is === 'lost') return confirm(change, sent.settledAt);
    const { problem } = sent;
    const found = problem.details.currentStatus && (await readSettled(change, 0));
    if (found) return conclude(change, found, problem.details.code);
    const text = t('notice.refused', { number, why: whyOf(problem) });
    if (!problem.isDecision) return offer(change, text);
    if (problem.isSignedOut && isMove(change) && change.comment) {
      const title = t('move.commentFor', { move: t(labelOf(change.order.status, change.to)), number });
      keepUnsavedTexts(session.subject, [{ title, text: change.comment }]);
    }
    return finish(change, { kind: 'failed' }, { text, isOpen: problem.isSignedOut });
  }

  /**
   * Finds out what became of a change whose response was lost.
   *
   * @param settledAt see {@link Sent}
   */
  async function confirm(change: Change, settledAt: number): Promise<Outcome> {
    const { number } = change.order;
    const found = await readSettled(change, settledAt);
    if (found) return conclude(change, found);
    const action = { label: t('step.check'), run: () => void known(change, () => confirm(change, settledAt)) };
    return finish(change, { kind: 'failed' }, { text: t('step.unconfirmed', { number }), action, isOpen: true });
  }

  /**
   * Tells what the present state of the order means for the change.
   *
   * @param refusal the code of the problem if the API refused the change
   */
  function conclude(change: Change, found: OrderDto, refusal?: string): Outcome {
    const { order } = change;
    const { number } = order;
    const { status, assignee: by, version } = found;
    // If the API has refused the step, whoever made it was somebody else, and the comment of the user is stored nowhere.
    const unsaved = refusal !== undefined && isMove(change) && change.comment ? change.comment : undefined;
    if (unsaved === undefined && isReached(change, found, session))
      return finish(change, { kind: 'moved', version }, { text: resultText(change, found) });
    const overtaken = { kind: 'overtaken', status, by, version } as const;
    const statusName = t(`status.${status}`);
    if (refusal === 'ORDER_OF_ANOTHER_OPERATOR' && by !== undefined) {
      return finish(change, overtaken, { text: t('change.ofAnother', { number, by }) });
    }
    if (!isMove(change)) return concludeEdit(change, found);
    if (status === order.status) {
      // Without an answer, nobody can tell whether the step was made before others have changed the order.
      const text = refusal === undefined && version !== order.version ? 'step.changedSince' : 'step.unchanged';
      return offer({ ...change, order: found }, t(text, { number, status: statusName }));
    }
    const text =
      status === 'MANUFACTURING_STARTED' && by !== undefined && by !== session.subject
        ? t('notice.takenByOther', { number, by })
        : t('notice.movedOn', { number, status: statusName });
    if (unsaved === undefined) return finish(change, overtaken, { text });
    return finish(change, overtaken, { text: `${text} ${t('notice.unsaved', { comment: unsaved })}`, isOpen: true });
  }

  function concludeEdit(change: Edit, found: OrderDto): Outcome {
    const { order, field } = change;
    const { number } = order;
    const fact = factOf(field, found[field]);
    if (found.version === order.version) return offer(change, t('change.unchanged', { number, fact }));
    const text = t('change.conflict', { number, fact, status: t(`status.${found.status}`) });
    // Now the user has been told what it would overwrite.
    if (mayEdit(field, found, session)) return offer({ ...change, order: found }, text);
    const { status, assignee: by, version } = found;
    return finish(change, { kind: 'overtaken', status, by, version }, { text, isOpen: true });
  }

  /**
   * Says that a change was not made, and offers to make it. The notice stays, so the offer is for this version of the order alone:
   * a step must not be made again when others have gone on and come back.
   */
  function offer(change: Change, text: string): Outcome {
    const label = isMove(change) ? t('tryAgain') : t('change.again', { fact: factOf(change.field, change.value) });
    const action = { label, run: () => void make({ ...change, isExact: true }) };
    return finish(change, { kind: 'failed' }, { text, action, isOpen: true });
  }

  function succeed(change: Change, changed: OrderDto): Outcome {
    const undo = undoOf(change, changed, session);
    const action = undo && { ...namesOf(undo), isUndo: undo.isUndo, run: () => void make(undo) };
    const notice = { text: resultText(change, changed), ...(action && { action }) };
    return finish(change, { kind: 'moved', version: changed.version }, notice);
  }

  function resultText(change: Change, { number, status, assignee, holdReason, ...fields }: OrderDto): string {
    if (!isMove(change)) {
      const { field } = change;
      const value = field === 'assignee' ? assignee : fields[field];
      return t('change.made', { number, fact: factOf(field, value) });
    }
    if (status === 'MANUFACTURING_STARTED' && assignee === session.subject) return t('notice.taken', { number });
    const name = t(`status.${status}`);
    return t('notice.moved', { number, status: holdReason ? `${name} · ${t(`hold.reasons.${holdReason}`)}` : name });
  }

  function namesOf(undo: Change): { readonly label: string; readonly name: string } {
    const label = isMove(undo)
      ? t(labelOf(undo.order.status, undo.to))
      : t('change.back', { fact: factOf(undo.field, undo.value) });
    return { label, name: t('move.commentFor', { move: label, number: undo.order.number }) };
  }

  function whyOf({ status, details }: Problem): string {
    if (details.code === 'ORDER_DUE_DATE_PASSED') return t('change.duePassed');
    return status === 400 ? t('change.invalid') : t(`problem.${reasonOf(new Problem(status, details))}`);
  }

  return make;
}

/** A change with its comment. Only an undo reads the history for it: a step waits for nothing that it does not need. */
async function withHoldComment(change: Change): Promise<Change> {
  if (!isMove(change) || change.hasLastHoldComment !== true) return change;
  const { items } = await dataOf(getOrderHistory({ id: change.order.id }));
  return { ...change, comment: items.findLast(({ to }) => to === 'ON_HOLD')?.comment };
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
    if (error.isDecision || error.isNotBegun) return { is: 'refused', problem: error };
    // A proxy may give up while the API goes on. The API itself names the problem when it has ended.
    return { is: 'lost', settledAt: error.details.code === undefined ? sentAt + TIME_LIMITS.write : sentAt };
  }
}

/**
 * Reads an order until it shows what became of a change, or the change is not under way any more.
 *
 * @returns undefined if the API does not answer
 */
export async function readSettled(change: Change, settledAt: number): Promise<OrderDto | undefined> {
  const { id } = change.order;
  let failures = 0;
  for (;;) {
    const isSettled = performance.now() >= settledAt;
    try {
      const found = await dataOf(getOrder({ id }));
      if (isSettled || isSuperseded(change, found)) return found;
    } catch {
      failures += 1;
      if (failures === MAX_FAILURES || !onlineManager.isOnline()) return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
