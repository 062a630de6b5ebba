import type { Query, QueryClient } from '@tanstack/react-query';
import { isMissing, Problem } from '../api/problem';

/** A refresh that takes longer than this is failing for those who look at the old data, in milliseconds. */
const PATIENCE = 3_000;

/** Knows whether the data on the screen is up to date. */
export class Freshness {
  private readonly listeners = new Set<() => void>();
  /** The number of wake-ups so far. */
  private wakeUps = 0;
  /** The wake-ups before each query was last answered. */
  private readonly answered = new WeakMap<Query, number>();
  /** The timers of queries that came on the screen with old data. */
  private readonly waiting = new WeakMap<Query, ReturnType<typeof setTimeout>>();
  /** Those of them that have waited too long for an answer. */
  private readonly overdue = new WeakSet<Query>();
  private isLate = false;

  constructor(private readonly queries: QueryClient) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** Follows the queries until the returned function is called. */
  watch(): () => void {
    return this.queries.getQueryCache().subscribe((event) => {
      const query = event.query as Query;
      if (event.type === 'observerAdded' && query.getObserversCount() === 1 && isOld(query)) this.limitTrust(query);
      if (event.type === 'updated') {
        const { action } = event;
        // A further page of a list says nothing about the pages before it.
        const isAnswer = action.type === 'success' && query.state.fetchMeta?.fetchMore === undefined;
        if (isAnswer || (action.type === 'error' && isMissing(action.error))) {
          this.answered.set(query, this.wakeUps);
          this.trust(query);
        }
      }
      this.changed();
    });
  }

  /** Whether everything on the screen was loaded since the page last woke up, and nothing was old when it came there. */
  readonly isFresh = (): boolean =>
    this.active.every(
      (query) =>
        query.state.data === undefined ||
        ((this.answered.get(query) ?? 0) === this.wakeUps && !this.overdue.has(query)),
    );

  /** Whether something on the screen cannot be refreshed. */
  readonly isFailing = (): boolean =>
    this.isLate || this.active.some((query) => isFailing(query) || this.overdue.has(query));

  /** The data on the screen is not trusted until it has been loaded again. */
  wakeUp(): void {
    this.wakeUps += 1;
    this.changed();
    void this.refresh();
  }

  /** Loads everything on the screen again. */
  async refresh(): Promise<void> {
    const timer = setTimeout(() => {
      this.setLate(true);
    }, PATIENCE);
    // Nothing restarts the first request of a query, and its answer may be older than what the refresh is for.
    const loading = new Set(this.active.filter(isLoading));
    await this.queries.invalidateQueries();
    if (loading.size > 0)
      await this.queries.refetchQueries({ type: 'active', predicate: (query) => loading.has(query) });
    clearTimeout(timer);
    this.setLate(false);
  }

  /** Trusts the old data of a query no longer than it may take to refresh it: somebody has gone back to a screen. */
  private limitTrust(query: Query): void {
    this.trust(query);
    const timer = setTimeout(() => {
      this.overdue.add(query);
      this.changed();
    }, PATIENCE);
    this.waiting.set(query, timer);
  }

  private trust(query: Query): void {
    clearTimeout(this.waiting.get(query));
    this.overdue.delete(query);
  }

  private get active(): Query[] {
    return activeQueries(this.queries);
  }

  private setLate(isLate: boolean): void {
    this.isLate = isLate;
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

/** The queries of the screen, except those whose data never changes. */
export function activeQueries(queries: QueryClient): Query[] {
  return queries.getQueryCache().findAll({ type: 'active', predicate: (query) => !query.isStatic() });
}

/** Whether a query of the screen shows an answer from before an event. */
function isOld(query: Query): boolean {
  return query.isActive() && query.state.data !== undefined && query.state.isInvalidated;
}

/** Whether a query is waiting for its first answer. */
function isLoading({ state }: Query): boolean {
  return state.data === undefined && state.fetchStatus === 'fetching';
}

/**
 * Whether a query cannot be refreshed. A screen without data shows a refusal of the API itself. A screen with old data looks as if
 * it was up to date.
 */
function isFailing({ state }: Query): boolean {
  const error = state.error ?? state.fetchFailureReason;
  if (error === null || isMissing(error)) return false;
  return state.data !== undefined || !(error instanceof Problem && error.isDecision);
}
