import { Component, type ReactNode } from 'react';
import { useLocation } from 'react-router';
import { plainTexts } from '../language/i18n';
import './error-boundary.css';

interface ErrorBoundaryProps {
  readonly children: ReactNode;
  /** Whether the rest of the page still works, so that it is worth rendering the children again. */
  readonly canRetry?: boolean;
}

/** Shows a message in place of children that throw: React would remove the whole page. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    const { failure, tryAgain } = plainTexts();
    return (
      <main className="failure" id="content">
        <div role="alert">
          <h1>{failure.title}</h1>
          <p>{failure.explanation}</p>
        </div>
        <div className="failure-buttons">
          {this.props.canRetry && (
            <button
              type="button"
              onClick={() => {
                this.setState({ hasFailed: false });
              }}
            >
              {tryAgain}
            </button>
          )}
          <button
            type="button"
            className="primary"
            onClick={() => {
              location.reload();
            }}
          >
            {failure.reload}
          </button>
        </div>
      </main>
    );
  }
}

/** An error boundary for the screen of the current path. Another screen starts without the error. */
export function ScreenBoundary({ children }: { readonly children: ReactNode }): ReactNode {
  const { pathname } = useLocation();
  return (
    <ErrorBoundary key={pathname} canRetry>
      {children}
    </ErrorBoundary>
  );
}
