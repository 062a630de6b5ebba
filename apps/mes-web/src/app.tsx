import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { BrowserRouter, NavLink, Route, Routes } from 'react-router';
import { ConnectionBanner } from './live/connection-banner';
import { useLiveState } from './live/live-context';
import { QueuePage } from './queue/queue-page';
import { mayMoveOrders, maySeeAllOrders } from './session/session';
import { useSession } from './session/session-context';
import { ScanOrder } from './orders/scan-order';
import { UserMenu } from './shell/preferences';
import './app.css';

// Only the queue is part of the first download. The other screens load when they are opened.
const MyWorkPage = lazy(() => import('./my-work/my-work-page').then(({ MyWorkPage: page }) => ({ default: page })));
const OrderPage = lazy(() => import('./order/order-page').then(({ OrderPage: page }) => ({ default: page })));
const DashboardPage = lazy(() =>
  import('./dashboard/dashboard-page').then(({ DashboardPage: page }) => ({ default: page })),
);

/** The application: header, connection banner and the screen of the current address. */
export function App(): ReactNode {
  const { t } = useTranslation();
  return (
    // Without transitions, a click shows the new screen at once.
    <BrowserRouter useTransitions={false}>
      <a className="skip" href="#content">
        {t('skip')}
      </a>
      <Header />
      <ConnectionBanner />
      <Suspense fallback={<main className="state">{t('loading')}</main>}>
        <Routes>
          <Route path="/mine" element={<MyWorkPage />} />
          <Route path="/dashboard" element={<DashboardPage />} />
          <Route path="/orders/:id" element={<OrderPage />} />
          <Route path="*" element={<QueuePage />} />
        </Routes>
      </Suspense>
    </BrowserRouter>
  );
}

function Header(): ReactNode {
  const { t } = useTranslation();
  const session = useSession();
  const live = useLiveState();
  return (
    <header className="header">
      <nav aria-label={t('navigation.label')}>
        <NavLink to="/" end>
          {t('navigation.queue')}
        </NavLink>
        {mayMoveOrders(session) && <NavLink to="/mine">{t('navigation.mine')}</NavLink>}
        {maySeeAllOrders(session) && <NavLink to="/dashboard">{t('navigation.dashboard')}</NavLink>}
      </nav>
      <span className={`live live-${live}`} role="status">
        <span>{t(live === 'lost' ? 'connection.connecting' : `connection.${live}`)}</span>
      </span>
      <ScanOrder />
      <UserMenu name={session.subject} onSignOut={() => void session.signOut()} />
    </header>
  );
}
