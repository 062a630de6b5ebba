import { useMutationState, useQueryClient, type MutationState } from '@tanstack/react-query';
import { useMemo } from 'react';
import { makeStep } from '../shell/steps-under-way';
import type { Change, Outcome } from './change';

/** What the page knows of an order from the changes that were asked for on it. */
export interface KnownChange {
  /** The change that is under way. */
  readonly underWay?: Change;
  /** The change that has led to the latest version of those that have ended and not failed. */
  readonly ended?: { readonly change: Change; readonly outcome: Exclude<Outcome, { kind: 'failed' }> };
}

type Made = MutationState<readonly Outcome[], Error, readonly Change[]>;

const ALL_CHANGES = ['change'];

/**
 * How long the page remembers a change, in milliseconds: until every screen shows what it has led to. Not longer, because a restored
 * database may be in an earlier state.
 */
const MEMORY = 60_000;

/**
 * Returns a function that lets all screens know of changes while `make` makes them, and of their outcomes. A screen can be left, and
 * another one can be opened, while a change is under way.
 *
 * @param changes of one order each
 * @param make returns the outcome of each change
 */
export function useMakeKnown(): <T extends readonly Outcome[]>(
  changes: readonly Change[],
  make: () => Promise<T>,
) => Promise<T> {
  const queries = useQueryClient();
  return <T extends readonly Outcome[]>(changes: readonly Change[], make: () => Promise<T>) =>
    queries
      .getMutationCache()
      .build<T, Error, readonly Change[], unknown>(queries, {
        mutationKey: ALL_CHANGES,
        mutationFn: () => makeStep(make),
        // Offline, a change is to fail and not to wait.
        networkMode: 'always',
        gcTime: MEMORY,
      })
      .execute(changes);
}

/** What the page knows of the orders whose changes were asked for on it lately, by their ids. */
export function useKnownChanges(): ReadonlyMap<string, KnownChange> {
  const made = useMutationState<Made>({ filters: { mutationKey: ALL_CHANGES } });
  return useMemo(() => knownFrom(made), [made]);
}

/** @param made in the order in which they were asked for */
function knownFrom(made: readonly Made[]): ReadonlyMap<string, KnownChange> {
  const known = new Map<string, KnownChange>();
  for (const { status, variables, data } of made) {
    for (const [index, change] of (variables ?? []).entries()) {
      const { id } = change.order;
      const outcome = data?.[index];
      if (status === 'pending') known.set(id, { ...known.get(id), underWay: change });
      else if (
        outcome &&
        outcome.kind !== 'failed' &&
        outcome.version >= (known.get(id)?.ended?.outcome.version ?? 0)
      ) {
        known.set(id, { ...known.get(id), ended: { change, outcome } });
      }
    }
  }
  return known;
}
