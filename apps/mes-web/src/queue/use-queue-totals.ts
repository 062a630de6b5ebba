import { useLanguage } from '../language/language-context';
import { countedFilterOf, filtersOf, listFilterOf, nameOf, NO_FILTERS, type OrdersView } from '../orders/orders-view';
import { largerOf, useListTotal, useTotal, type LoadedOrders, type Total } from '../orders/use-counts';

/** Says how many new orders there are, and how many of them fit the filters. Undefined until it is known. */
export function useQueueTotals(view: OrdersView, loaded: LoadedOrders, now: Date): string | undefined {
  const { t, formats } = useLanguage();
  const isFiltered = filtersOf(view) > 0;
  const fitting = useListTotal(nameOf(view), isFiltered ? countedFilterOf('NEW', view, now) : undefined, loaded);
  const known = useTotal('', isFiltered || loaded.hasMore ? listFilterOf('NEW', NO_FILTERS, now) : undefined);
  if (!fitting) return undefined;

  const all = largerOf(known, fitting);
  const text = ({ count, isExact }: Total): string => {
    const number = formats.number(count);
    return isExact ? number : t('totals.moreThan', { number });
  };
  const number = text(all);
  if (!isFiltered) return t('totals.all', { count: all.count, number });
  if (!known) return undefined;
  return t('totals.fitting', { count: all.count, number, fitting: text(fitting) });
}
