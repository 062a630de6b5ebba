import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { listOrders, type OrderDto } from '../api/client';
import { dataOf } from '../api/problem';
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

const loadCamera = async () => (await import('./camera-dialog')).CameraDialog;

/** Opens the order whose barcode is scanned. If the browser can read barcodes, there is a button that opens the camera. */
export function ScanOrder(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { notify } = useNotices();
  const camera = useLazyDialog(loadCamera);
  const lookup = useRef<AbortController>(undefined);
  const [lookedUp, setLookedUp] = useState<string>();

  const cancel = useCallback((): void => {
    lookup.current?.abort();
    setLookedUp(undefined);
  }, []);
  // Somebody who has gone to another screen meanwhile stays there.
  useEffect(() => cancel, [cancel, pathname]);

  const open = useCallback(
    async (scanned: string): Promise<void> => {
      cancel();
      const { signal } = (lookup.current = new AbortController());
      const code = scanned.slice(0, SHOWN_LENGTH);
      setLookedUp(code);
      const found = await findOrder(scanned, signal).catch(() => 'failed' as const);
      if (signal.aborted) return;
      setLookedUp(undefined);
      if (typeof found === 'object') await navigate(`/orders/${found.id}`);
      else notify({ about: 'scan', tone: 'bad', text: t(`scan.${found}`, { code }) });
    },
    [cancel, navigate, notify, t],
  );
  // The listener starts before the screen is visible: somebody may scan at once.
  useLayoutEffect(() => listenToScanner((code) => void open(code)), [open]);

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
      <p className="scan-status" role="status">
        {lookedUp !== undefined && t('scan.lookingUp', { code: lookedUp })}
      </p>
    </>
  );
}

/** Finds the order with this number, or with this number of the partner. */
async function findOrder(code: string, signal: AbortSignal): Promise<OrderDto | 'unknown' | 'tooMany'> {
  if (/^0*[1-9]\d{0,8}$/.test(code)) {
    const { items } = await dataOf(listOrders({ $number: Number(code) }, { signal }));
    if (items[0]) return items[0];
  }
  // The search also finds the code within other texts.
  const { items, nextCursor } = await dataOf(
    listOrders({ q: code.slice(0, MOST_SEARCHED), limit: PAGE_SIZE }, { signal }),
  );
  return items.find(({ externalId }) => externalId === code) ?? (nextCursor === null ? 'unknown' : 'tooMany');
}
