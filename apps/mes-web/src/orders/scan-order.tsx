import { useCallback, useLayoutEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { listOrders, type OrderDto } from '../api/client';
import { dataOf } from '../api/problem';
import { useNotices } from '../shell/notices-context';
import { listenToScanner } from '../shell/scanner-keys';
import type { CameraDialog } from './camera-dialog';
import './scan-order.css';

const PAGE_SIZE = 200;
/** The most pages of orders that contain a code in their texts, among which the one with this number is looked for. */
const MOST_PAGES = 5;

/** Opens an order when its barcode is scanned, with a scanner or with the camera. The button is there only if the browser reads barcodes. */
export function ScanOrder(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { notify } = useNotices();
  const [camera, setCamera] = useState<{ readonly Dialog: typeof CameraDialog }>();

  const open = useCallback(
    async (code: string): Promise<void> => {
      const shown = code.slice(0, 30);
      try {
        const order = await findOrder(code);
        if (order) await navigate(`/orders/${order.id}`);
        else notify({ about: 'scan', tone: 'bad', text: t('scan.unknown', { code: shown }) });
      } catch {
        notify({ about: 'scan', tone: 'bad', text: t('scan.failed', { code: shown }) });
      }
    },
    [navigate, notify, t],
  );
  const openCamera = async (): Promise<void> => {
    try {
      setCamera({ Dialog: (await import('./camera-dialog')).CameraDialog });
    } catch {
      notify({ about: 'scan', tone: 'bad', text: t('scan.unloaded') });
    }
  };
  // Before the screen is visible, and somebody scans.
  useLayoutEffect(() => listenToScanner((code) => void open(code)), [open]);

  if (!('BarcodeDetector' in window)) return null;
  return (
    <>
      <button
        type="button"
        className="plain scan"
        aria-label={t('scan.camera')}
        title={t('scan.camera')}
        onClick={() => void openCamera()}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M3 8V4h4M17 4h4v4M21 16v4h-4M7 20H3v-4M7 8v8M10.5 8v8M14 8v8M17 8v8" />
        </svg>
      </button>
      {camera && (
        <camera.Dialog
          onScan={(code) => void open(code)}
          onClose={() => {
            setCamera(undefined);
          }}
        />
      )}
    </>
  );
}

/** Finds the order with this number or with this number of the partner. */
async function findOrder(code: string): Promise<OrderDto | undefined> {
  const number = /^0*[1-9]\d{0,8}$/.test(code) ? Number(code) : undefined;
  const list = { q: String(number ?? code).slice(0, 100), limit: PAGE_SIZE };
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, nextCursor } = await dataOf(listOrders({ ...list, ...(cursor === undefined ? {} : { cursor }) }));
    const found = items.find((order) => order.number === number || order.externalId === code);
    if (found || nextCursor === null) return found;
    cursor = nextCursor;
  }
  throw new Error('too many orders contain the code');
}
