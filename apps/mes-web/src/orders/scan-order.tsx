import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { listOrders, type OrderDto } from '../api/client';
import { dataOf } from '../api/problem';
import { useLanguage } from '../language/language-context';
import { holdsText } from '../shell/modals';
import { useNotices } from '../shell/notices-context';
import { listenToScanner } from '../shell/scanner-keys';
import { useLazyDialog } from '../shell/use-lazy-dialog';
import './scan-order.css';

/** The most results that the API returns at once. */
const PAGE_SIZE = 200;
/** The most characters that the API searches for. */
const MOST_SEARCHED = 100;
/** The most characters of a code that a message shows. */
const SHOWN_LENGTH = 30;

/** The orders that have the scanned number. */
interface Found {
  readonly orders: readonly OrderDto[];
  /** Whether there may be others, because too many orders contain the number in their texts. */
  readonly mayBeMore: boolean;
}

/** What the user chooses from. */
interface Choice extends Found {
  readonly code: string;
}

const loadCamera = async () => (await import('./camera-dialog')).CameraDialog;
const loadChoice = async () => (await import('./choice-dialog')).ChoiceDialog<string>;

/**
 * Opens the order whose barcode is scanned. Several orders may have the number, since partners number their orders, too: the user
 * chooses then, also if the page cannot find out. If the browser can read barcodes, there is a button that opens the camera.
 */
export function ScanOrder(): ReactNode {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { notify } = useNotices();
  const camera = useLazyDialog(loadCamera);
  const lookup = useRef<AbortController>(undefined);
  const [lookedUp, setLookedUp] = useState<string>();
  const choice = useLazyDialog(loadChoice);
  const { open: openChoice } = choice;
  const [several, setSeveral] = useState<Choice>();

  const cancel = useCallback((): void => {
    lookup.current?.abort();
    setLookedUp(undefined);
    setSeveral(undefined);
  }, []);
  // Somebody who has gone to another screen meanwhile stays there.
  useEffect(() => cancel, [cancel, pathname]);

  const show = useCallback(
    async (id: string): Promise<void> => {
      const address = `/orders/${id}`;
      // The order that is open already needs no second entry in the history.
      if (address !== pathname) await navigate(address);
    },
    [navigate, pathname],
  );
  const open = useCallback(
    async (scanned: string, inEnglish = scanned): Promise<void> => {
      cancel();
      const { signal } = (lookup.current = new AbortController());
      const code = scanned.slice(0, SHOWN_LENGTH);
      if (holdsText()) {
        notify({ about: 'scan', tone: 'bad', text: t('scan.writing', { code }) });
        return;
      }
      setLookedUp(code);
      const found = await findInEither(scanned, inEnglish, signal).catch(() => 'failed' as const);
      if (signal.aborted) return;
      setLookedUp(undefined);
      if (typeof found === 'string') {
        notify({ about: 'scan', tone: 'bad', text: t(`scan.${found}`, { code }) });
        return;
      }
      const [order, ...others] = found.orders;
      if (order && others.length === 0 && !found.mayBeMore) {
        await show(order.id);
        return;
      }
      setSeveral({ code, ...found });
      await openChoice();
    },
    [cancel, notify, openChoice, show, t],
  );
  const describe = ({ number, externalId, product, customer }: OrderDto): string =>
    [
      t('order.heading', { number }),
      ...(externalId === undefined ? [] : [`${t('order.externalId')} ${externalId}`]),
      ...[product.name, customer.name],
    ].join(' · ');
  // The listener starts before the screen is visible: somebody may scan at once.
  useLayoutEffect(() => listenToScanner((code, inEnglish) => void open(code, inEnglish)), [open]);

  return (
    <>
      {'BarcodeDetector' in window && (
        <button
          type="button"
          className="plain scan"
          aria-label={t('scan.camera')}
          title={t('scan.camera')}
          onClick={() => void camera.open()}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M3 8V4h4M17 4h4v4M21 16v4h-4M7 20H3v-4M7 8v8M10.5 8v8M14 8v8M17 8v8" />
          </svg>
        </button>
      )}
      {camera.Dialog && <camera.Dialog onScan={(code) => void open(code)} onClose={camera.close} />}
      {several && choice.Dialog && (
        <choice.Dialog
          title={t(several.mayBeMore ? 'scan.maybeSeveral' : 'scan.several', { code: several.code })}
          label={t('scan.which')}
          choices={several.orders.map((order) => ({ value: order.id, text: describe(order) }))}
          closeText={t('close')}
          onChoose={(id) => {
            cancel();
            void show(id);
          }}
          onClose={cancel}
        />
      )}
      <p className="scan-status" role="status">
        {lookedUp !== undefined && t('scan.lookingUp', { code: lookedUp })}
      </p>
    </>
  );
}

/** Finds the orders that have a code. If there are none, the keyboard may be set to another language than the scanner. */
async function findInEither(
  code: string,
  inEnglish: string,
  signal: AbortSignal,
): Promise<Found | 'unknown' | 'tooMany'> {
  const found = await findOrders(code, signal);
  return found === 'unknown' && inEnglish !== code ? findOrders(inEnglish, signal) : found;
}

/** Finds the orders with this number, or with this number of the partner. */
async function findOrders(code: string, signal: AbortSignal): Promise<Found | 'unknown' | 'tooMany'> {
  const isNumber = /^0*[1-9]\d{0,8}$/.test(code);
  const [numbered, searched] = await Promise.all([
    isNumber ? dataOf(listOrders({ $number: Number(code) }, { signal })) : undefined,
    // The search also finds the code within other texts.
    dataOf(listOrders({ q: code.slice(0, MOST_SEARCHED), limit: PAGE_SIZE }, { signal })),
  ]);
  const own = numbered?.items ?? [];
  // Caps Lock turns the letters of a scanner round.
  const wanted = code.toLowerCase();
  const partners = searched.items.filter(
    ({ externalId, id }) => externalId?.toLowerCase() === wanted && id !== own[0]?.id,
  );
  const orders = [...own, ...partners];
  const mayBeMore = searched.nextCursor !== null;
  if (orders.length > 0) return { orders, mayBeMore };
  return mayBeMore ? 'tooMany' : 'unknown';
}
