import JsBarcode from 'jsbarcode';
import { useMemo, type ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { useAsOf } from '../live/as-of';
import { usePrinting } from '../shell/use-printing';
import './job-sheet.css';

/** Scanners are told from people by their speed, which takes a few characters. */
const SHORTEST_CODE = 4;

interface JobSheetProps {
  readonly order: OrderDto;
}

/** The order on paper, with its number as a barcode. The screen shows only the button that prints it. */
export function JobSheet({ order }: JobSheetProps): ReactNode {
  const { t } = useLanguage();
  const printing = usePrinting();
  return (
    <>
      <button
        type="button"
        className="print"
        onClick={() => {
          print();
        }}
      >
        {t('print.jobSheet')}
      </button>
      {printing && <Paper order={order} />}
    </>
  );
}

function Paper({ order }: JobSheetProps): ReactNode {
  const { t, formats } = useLanguage();
  const asOf = useAsOf();
  const facts: [name: string, value: string | undefined][] = [
    [t('order.product'), order.product.name],
    [t('order.material'), order.material],
    [t('order.quantity'), formats.number(order.quantity)],
    [t('order.due'), order.dueAt === undefined ? undefined : formats.dateAndTime(new Date(order.dueAt))],
    [t('order.priority'), t(`priority.${order.priority}`)],
    [t('order.customer'), order.customer.name],
    [t('order.externalId'), order.externalId],
    [t('order.assignee'), order.assignee],
    [t('order.comment'), order.comment],
  ];
  return (
    <section className="on-paper job-sheet" aria-label={t('print.jobSheetOf', { number: order.number })}>
      <header>
        <div>
          <p className="job-number">№ {order.number}</p>
          {asOf && <p>{t('print.asOf', { time: formats.dateAndTime(asOf) })}</p>}
        </div>
        <Barcode code={String(order.number).padStart(SHORTEST_CODE, '0')} />
      </header>
      <table>
        <tbody>
          {facts
            .filter(([, value]) => value !== undefined)
            .map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td dir="auto">{value}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}

/** A barcode in Code 128. */
function Barcode({ code }: { readonly code: string }): ReactNode {
  const modules = useMemo(() => modulesOf(code), [code]);
  return (
    <svg role="img" aria-label={code} viewBox={`0 0 ${String(modules.length)} 40`} preserveAspectRatio="none">
      {Array.from(modules.matchAll(/1+/g), ({ index, 0: bar }) => (
        <rect key={index} x={index} width={bar.length} height={40} />
      ))}
    </svg>
  );
}

/** The bars of a code: a 1 for each black module, a 0 for each white one. */
function modulesOf(code: string): string {
  const target: { encodings?: readonly { readonly data: string }[] } = {};
  JsBarcode(target, code, { format: 'CODE128' });
  return target.encodings?.map(({ data }) => data).join('') ?? '';
}
