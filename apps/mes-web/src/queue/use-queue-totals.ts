import { useTranslation } from 'react-i18next';
import type { OrderDto } from '../api/client';
import { useFormats } from '../language/formats';
import { useTotal, type Total } from '../orders/use-counts';
import { filtersOf, listFilterOf, parametersOf, viewOf, type QueueView } from './queue-view';

const NO_FILTER = viewOf(new URLSearchParams());

interface LoadedOrders {
  /** The loaded orders of the view. Undefined while none are loaded. */
  readonly orders: readonly OrderDto[] | undefined;
  readonly hasMore: boolean;
}

/** Says how many new orders there are, and how many of them fit the filters. Undefined until it is known. */
export function useQueueTotals(view: QueueView, { orders, hasMore }: LoadedOrders, now: Date): string | undefined {
  const { t } = useTranslation();
  const formats = useFormats();
  const isFiltered = filtersOf(view) > 0;
  // The orders themselves are counted if they are all here, so that the numbers fit the rows.
  const counted = useTotal(
    parametersOf(view).toString(),
    isFiltered && hasMore ? countedFilterOf(view, now) : undefined,
  );
  const known = useTotal('', isFiltered || hasMore ? listFilterOf(NO_FILTER, now) : undefined);
  if (!orders) return undefined;

  const loaded = { count: orders.length, isExact: !hasMore };
  const fitting = hasMore ? largerOf(counted, loaded) : loaded;
  const all = largerOf(known, isFiltered ? fitting : loaded);
  const text = ({ count, isExact }: Total): string => {
    const number = formats.number(count);
    return isExact ? number : t('totals.moreThan', { number });
  };
  const number = text(all);
  if (!isFiltered) return t('totals.all', { count: all.count, number });
  if (!known) return undefined;
  return t('totals.fitting', { count: all.count, number, fitting: text(fitting) });
}

/** The API counts at this moment what the list shows at this moment, also of orders that become overdue. */
function countedFilterOf(view: QueueView, now: Date): ReturnType<typeof listFilterOf> {
  const filter = listFilterOf(view, now);
  return view.due === 'overdue' ? { ...filter, dueBefore: now.toISOString() } : filter;
}

/** The answers come at different moments: a part is never larger than the whole. */
function largerOf(total: Total | undefined, least: Total): Total {
  return total && total.count >= least.count ? total : least;
}
