import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { Dialog } from './dialog';
import './camera-dialog.css';

/** The pause between two looks at the picture of the camera, in milliseconds. */
const PAUSE = 150;

/** The interface of the Barcode Detection API, which TypeScript does not describe yet. */
interface BarcodeDetector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
declare const BarcodeDetector: new () => BarcodeDetector;

interface CameraDialogProps {
  readonly onScan: (code: string) => void;
  readonly onClose: () => void;
}

/** Shows the picture of the camera until it contains a barcode. */
export function CameraDialog({ onScan, onClose }: CameraDialogProps): ReactNode {
  const { t } = useLanguage();
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<'refused' | 'missing'>();
  const callbacks = useRef({ onScan, onClose });
  useEffect(() => {
    callbacks.current = { onScan, onClose };
  });

  useEffect(() => {
    const element = video.current;
    const closed = new AbortController();
    const look = async (): Promise<void> => {
      if (!element) return;
      const code = await firstCode(element, closed.signal);
      if (code === undefined) return;
      callbacks.current.onClose();
      callbacks.current.onScan(code);
    };
    look().catch((error: unknown) => {
      if (!closed.signal.aborted) setProblem(nameOf(error) === 'NotAllowedError' ? 'refused' : 'missing');
    });
    return () => {
      closed.abort();
    };
  }, []);

  return (
    <Dialog title={t('scan.camera')} focus="heading" closeText={t('close')} onClose={onClose}>
      {problem ? (
        <p role="alert">{t(`scan.${problem}`)}</p>
      ) : (
        <video ref={video} className="camera" aria-label={t('scan.picture')} autoPlay muted playsInline />
      )}
    </Dialog>
  );
}

/**
 * The first code that the camera sees. Undefined if `signal` aborts before. The camera is switched off at the end.
 *
 * @throws {DOMException} if the user refuses the camera, or there is none
 */
async function firstCode(video: HTMLVideoElement, signal: AbortSignal): Promise<string | undefined> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  try {
    const detector = new BarcodeDetector();
    video.srcObject = stream;
    while (!signal.aborted) {
      // A picture that is not there yet has no size, and cannot be read.
      const [code] = video.videoWidth > 0 ? await detector.detect(video) : [];
      if (code) return code.rawValue;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    return undefined;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}
