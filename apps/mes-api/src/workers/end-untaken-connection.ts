import type { Worker } from 'node:cluster';

/** A connection as Node passes it to a worker. */
interface Connection {
  close(): void;
}

/** What Node sends to a worker, and what comes back. */
interface InternalMessage {
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

/**
 * Ends the connection that was on its way to a worker when that died. Node passes on one at a time, and would keep this one open for
 * ever, without an answer. A client whose connection ends can ask again.
 */
export function endUntakenConnection(worker: Worker): void {
  const { process } = worker;
  const send = process.send.bind(process);
  let onItsWay: { readonly id: number | undefined; readonly connection: Connection } | undefined;
  process.send = (message: InternalMessage, connection?: unknown, ...rest: never[]) => {
    if (message.act === 'newconn') onItsWay = { id: message.seq, connection: connection as Connection };
    return send(message, connection as never, ...rest);
  };
  process.on('internalMessage', ({ ack }: InternalMessage) => {
    if (ack !== undefined && ack === onItsWay?.id) onItsWay = undefined;
  });
  worker.once('exit', () => onItsWay?.connection.close());
}
