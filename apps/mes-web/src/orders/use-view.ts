import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { parametersOf, viewOf, type OrdersView } from './orders-view';

/** `replace`: the change belongs to the last one, and navigating back undoes both. */
export type ChangeView = (view: OrdersView, replace?: boolean) => void;

/** The view in the address of the page, and a function that changes it. */
export function useView(): [view: OrdersView, change: ChangeView] {
  const [parameters, setParameters] = useSearchParams();
  const view = useMemo(() => viewOf(parameters), [parameters]);
  const change: ChangeView = (next, replace = false) => {
    setParameters(parametersOf(next), { replace });
  };
  return [view, change];
}
