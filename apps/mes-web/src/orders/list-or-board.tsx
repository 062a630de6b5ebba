import { useEffect, type ReactNode } from 'react';
import { Link, useLocation } from 'react-router';
import { BASE_PATH } from '../base-path';
import { useLanguage } from '../language/language-context';
import { maySeeAllOrders, type Session } from '../session/session';
import { deviceStorage } from '../storage';
import { parametersOf, type OrdersView } from './orders-view';
import './list-or-board.css';

const STORAGE_KEY = 'mes.board';
const LIST = '/';
const BOARD = '/board';

export type ListOrBoardName = 'list' | 'board';

/** The address of the list or of the board, whichever this device has shown last. Only those who see all orders have a choice. */
export function lastOfListAndBoard(session: Session): string {
  return maySeeAllOrders(session) && deviceStorage.get(STORAGE_KEY) === 'board' ? BOARD : LIST;
}

/** Shows the board instead of the list if the page has just been opened without a view and the device has shown the board last. */
export function startWithLast(session: Session): void {
  const isPlainList = [BASE_PATH, BASE_PATH + LIST].includes(location.pathname) && location.search === '';
  if (isPlainList) history.replaceState(history.state, '', BASE_PATH + lastOfListAndBoard(session));
}

export function isListOrBoard(pathname: string): boolean {
  return pathname === LIST || pathname === BOARD;
}

/** The address of a view. That of the list always has parameters: without them, the page may open the board. */
export function addressOf(shown: ListOrBoardName, view: OrdersView): string {
  const search = parametersOf(view).toString();
  if (shown === 'list') return `${LIST}?${search === '' ? `sort=${view.sort}` : search}`;
  return search === '' ? BOARD : `${BOARD}?${search}`;
}

interface ListOrBoardProps {
  readonly shown: ListOrBoardName;
}

/** The switch between the list and the board, which keeps the view. The device remembers what it has shown last. */
export function ListOrBoard({ shown }: ListOrBoardProps): ReactNode {
  const { t } = useLanguage();
  const { search } = useLocation();
  useEffect(() => {
    deviceStorage.set(STORAGE_KEY, shown);
  }, [shown]);
  return (
    <nav className="list-or-board" aria-label={t('board.switch')}>
      <Link
        to={{ pathname: LIST, search }}
        aria-current={shown === 'list' ? 'page' : undefined}
        aria-label={t('board.list')}
        title={t('board.list')}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 6h16M4 12h16M4 18h16" />
        </svg>
      </Link>
      <Link
        to={{ pathname: BOARD, search }}
        aria-current={shown === 'board' ? 'page' : undefined}
        aria-label={t('board.board')}
        title={t('board.board')}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 4h4v16H4zM10 4h4v10h-4zM16 4h4v13h-4z" />
        </svg>
      </Link>
    </nav>
  );
}
