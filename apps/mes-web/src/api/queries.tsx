import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem } from './problem';

interface QueriesProps {
  readonly children: ReactNode;
}

/** What was fetched, kept for as long as somebody is signed in: nobody is to see what was fetched for somebody else. */
export function Queries({ children }: QueriesProps): ReactNode {
  const [client] = useState(
    () => new QueryClient({ defaultOptions: { queries: { staleTime: 1_000, retry: isWorthRetrying } } }),
  );
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

/** What the API refuses, it will refuse again. */
function isWorthRetrying(failures: number, error: Error): boolean {
  return failures < 2 && !(error instanceof Problem && error.status < 500);
}
