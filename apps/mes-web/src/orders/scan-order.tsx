import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { listOrders, type OrderDto } from '../api/client';
import { dataOf } from '../api/problem';
import { useNotices } from '../shell/notices-context';
import { listenToScanner } from '../shell/scanner-keys';
import { useLazyDialog } from '../shell/use-lazy-dialog';
import './scan-order.css';

const PAGE_SIZE = 200;
/** The most pages of search results that are looked through for the scanned number. */
const MOST_PAGES = 5;
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

/**
 * Finds the order with this number, or with this number of the partner.
 *
 * The API has no filter for numbers. Its search also finds the number within texts, such as the fineness of gold in the material.
 * Numbers are given in the order of creation, so that from the oldest order on, at most 999 results come before a number of three
 * digits. Longer numbers are rare in texts.
 */
async function findOrder(code: string, signal: AbortSignal): Promise<OrderDto | 'unknown' | 'tooMany'> {
  const number = /^0*[1-9]\d{0,8}$/.test(code) ? Number(code) : undefined;
  const list = { q: String(number ?? code).slice(0, 100), sort: 'createdAt', limit: PAGE_SIZE } as const;
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const request = listOrders({ ...list, ...(cursor === undefined ? {} : { cursor }) }, { signal });
    const { items, nextCursor } = await dataOf(request);
    const found = items.find((order) => order.number === number || order.externalId === code);
    if (found) return found;
    if (nextCursor === null) return 'unknown';
    cursor = nextCursor;
  }
  return 'tooMany';
}
