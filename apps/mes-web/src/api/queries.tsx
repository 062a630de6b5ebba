import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem } from './problem';

interface QueriesProps {
  readonly children: ReactNode;
}

/** Provides the query cache. It lives as long as the session, so that no user sees data fetched for another one. */
export function Queries({ children }: QueriesProps): ReactNode {
  const [client] = useState(
    () => new QueryClient({ defaultOptions: { queries: { staleTime: 1_000, retry: isWorthRetrying } } }),
  );
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

/** Client errors are not retried: the API would refuse again. */
function isWorthRetrying(failures: number, error: Error): boolean {
  return failures < 2 && !(error instanceof Problem && error.status < 500);
}
