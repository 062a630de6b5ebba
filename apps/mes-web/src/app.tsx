import { useEffect, useEffectEvent, useLayoutEffect, useState, type ReactNode } from 'react';
import { BrowserRouter, Link, NavLink, Route, Routes, useLocation, useNavigationType } from 'react-router';
import { BASE_PATH } from './base-path';
import { useLanguage } from './language/language-context';
import { ConnectionBanner } from './live/connection-banner';
import { LiveBadge } from './live/live-badge';
import { useLiveState } from './live/live-context';
import { QueuePage } from './queue/queue-page';
import { mayMoveOrders, maySeeAllOrders } from './session/session';
import { useSession } from './session/session-context';
import { isListOrBoard, lastOfListAndBoard, startWithLast } from './orders/list-or-board';
import { ScanOrder } from './orders/scan-order';
import { ScreenBoundary } from './shell/error-boundary';
import { lazyScreen, preloadWhenIdle } from './shell/lazy-screen';
import { UserMenu } from './shell/preferences';
import { UnknownAddress } from './shell/unknown-address';
import './app.css';

// Only the queue is part of the first download. The other screens load when the browser is idle.
const OrderPage = lazyScreen(async () => (await import('./order/order-page')).OrderPage);
const BoardPage = lazyScreen(async () => (await import('./board/board-page')).BoardPage);
const MyWorkPage = lazyScreen(async () => (await import('./my-work/my-work-page')).MyWorkPage);
const DashboardPage = lazyScreen(async () => (await import('./dashboard/dashboard-page')).DashboardPage);

/** The application: header, connection banner and the screen of the current address. */
export function App(): ReactNode {
  const isConnecting = useLiveState() === 'connecting';
  // Before the router reads the address.
  useState(startWithLast);
  useEffect(() => {
    if (!isConnecting) preloadWhenIdle([OrderPage, BoardPage, MyWorkPage, DashboardPage]);
  }, [isConnecting]);
  return (
    // Without transitions, a click shows the new screen at once.
    <BrowserRouter basename={BASE_PATH} useTransitions={false}>
      <NewScreens />
      <SkipLink />
      <Header />
      <ScreenBoundary>
        <Routes>
          <Route path="/mine" element={<MyWorkPage />} />
          <Route path="/dashboard" element={<DashboardPage />} />
          <Route path="/orders/:id" element={<OrderPage />} />
          <Route path="/board" element={<BoardPage />} />
          <Route path="/" element={<QueuePage />} />
          <Route path="*" element={<UnknownAddress />} />
        </Routes>
      </ScreenBoundary>
      <ConnectionBanner />
    </BrowserRouter>
  );
}

/** Shows new screens from their top. Where the user comes back to, the browser scrolls by itself. */
function NewScreens(): ReactNode {
  const { pathname } = useLocation();
  const way = useNavigationType();
  const show = useEffectEvent(() => {
    if (way !== 'POP') window.scrollTo(0, 0);
  });
  useLayoutEffect(() => {
    show();
  }, [pathname]);
  return null;
}

/** The link past the header. It names the whole address: a mere fragment belongs to the base path. */
function SkipLink(): ReactNode {
  const { t } = useLanguage();
  const { pathname, search } = useLocation();
  return (
    <a className="skip" href={`${BASE_PATH}${pathname}${search}#content`}>
      {t('skip')}
    </a>
  );
}

function Header(): ReactNode {
  const { t } = useLanguage();
  const session = useSession();
  const { pathname } = useLocation();
  return (
    <header className="header">
      <nav aria-label={t('navigation.label')}>
        <Link
          to={isListOrBoard(pathname) ? pathname : lastOfListAndBoard()}
          aria-current={isListOrBoard(pathname) ? 'page' : undefined}
        >
          {t('navigation.queue')}
        </Link>
        {mayMoveOrders(session) && <NavLink to="/mine">{t('navigation.mine')}</NavLink>}
        {maySeeAllOrders(session) && <NavLink to="/dashboard">{t('navigation.dashboard')}</NavLink>}
      </nav>
      <LiveBadge />
      <ScanOrder />
      <UserMenu name={session.subject} onSignOut={() => void session.signOut()} />
    </header>
  );
}
