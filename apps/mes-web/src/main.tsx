import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Queries } from './api/queries';
import { App } from './app';
import { startInLanguage } from './language/i18n';
import { LanguageProvider } from './language/language-provider';
import { LiveUpdates } from './live/live-updates';
import { SessionGate } from './session/session-gate';
import { ignoreStrayPresses } from './shell/double-press';
import { ErrorBoundary } from './shell/error-boundary';
import { keepFocus } from './shell/keep-focus';
import { NoticesProvider } from './shell/notices';
import { applyTheme, rememberedTheme } from './shell/theme';

applyTheme(rememberedTheme());
ignoreStrayPresses();
keepFocus();
await startInLanguage();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element #root');
createRoot(root).render(
  <StrictMode>
    <ErrorBoundary>
      <LanguageProvider>
        <NoticesProvider>
          <SessionGate>
            <Queries>
              <LiveUpdates>
                <App />
              </LiveUpdates>
            </Queries>
          </SessionGate>
        </NoticesProvider>
      </LanguageProvider>
    </ErrorBoundary>
  </StrictMode>,
);
