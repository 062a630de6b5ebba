import { useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { settledInTime } from '../api/connect';
import { useLanguage } from '../language/language-context';
import { reloadOnce } from './reload-once';

export interface LazyScreen {
  /** Renders the screen, and loads it first if necessary. */
  (): ReactNode;
  /** Loads the screen in advance, so that it opens without a network. */
  readonly preload: () => Promise<void>;
}

type State =
  { readonly is: 'loading' } | { readonly is: 'loaded' } | { readonly is: 'failed'; readonly error: unknown };

/**
 * A screen that is not part of the first download. If it cannot be loaded, the page is reloaded once; after that, it throws to the
 * error boundary. Unlike a component of `React.lazy` it loads again when it is rendered again.
 */
export function lazyScreen(load: () => Promise<ComponentType>): LazyScreen {
  let Screen: ComponentType | undefined;
  const preload = async (): Promise<void> => {
    Screen ??= await load();
  };

  function Lazy(): ReactNode {
    const { t } = useLanguage();
    const [state, setState] = useState<State>({ is: Screen ? 'loaded' : 'loading' });
    useEffect(() => {
      if (Screen) return;
      const loaded = preload().catch(async (error: unknown) => {
        if (!(await reloadOnce())) throw error;
        // The reload ends this wait, unless the server is silent.
        return new Promise<never>(() => undefined);
      });
      settledInTime(loaded).then(
        () => {
          setState({ is: 'loaded' });
        },
        (error: unknown) => {
          setState({ is: 'failed', error });
        },
      );
    }, []);
    if (state.is === 'failed') throw state.error;
    return Screen ? <Screen /> : <main className="state">{t('loading')}</main>;
  }
  return Object.assign(Lazy, { preload });
}

/** Loads the screens one after another when the browser has nothing else to do. A failure shows when the screen is opened. */
export function preloadWhenIdle(screens: readonly LazyScreen[]): void {
  const [first, ...others] = screens;
  if (!first) return;
  const next = (): void => {
    preloadWhenIdle(others);
  };
  whenIdle(() => void first.preload().then(next, next));
}

function whenIdle(task: () => void): void {
  // Safari has no idle callbacks.
  if ('requestIdleCallback' in globalThis) requestIdleCallback(task);
  else setTimeout(task, 1_000);
}
