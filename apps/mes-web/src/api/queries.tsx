import { notifyManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Problem } from './problem';

// Screens show a change as under way before the browser can report the next press.
notifyManager.setScheduler(queueMicrotask);

interface QueriesProps {
  readonly children: ReactNode;
}

/**
 * Provides the query cache. It lives as long as the session, so that no user sees data fetched for another one.
 *
 * Queries run offline as well: they fail at once, and the screen says so instead of loading for ever. Live updates refetch them
 * when the page is shown again or gets online.
 */
export function Queries({ children }: QueriesProps): ReactNode {
  const [client] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            staleTime: 1_000,
            retry: isWorthRetrying,
            networkMode: 'always',
            refetchOnWindowFocus: false,
            refetchOnReconnect: false,
          },
        },
      }),
  );
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}

/** Decisions of the API are not retried: it would decide the same again. */
function isWorthRetrying(failures: number, error: Error): boolean {
  return failures < 2 && !(error instanceof Problem && error.isDecision);
}
