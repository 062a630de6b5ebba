import type { MessageOfSupervisor, MessageOfWorker } from './worker-messages.js';

/**
 * Stops listening in a worker. The supervisor accepts all connections and passes them on. It must stop that before the worker
 * stops listening: Node keeps a connection that no worker takes any more open, without an answer.
 */
export async function leavePort(): Promise<void> {
  const left = new Promise<void>((resolve) => {
    process.on('message', (message: MessageOfSupervisor) => {
      if (message.type === 'port-left') resolve();
    });
    // After the last request, Node ends the connection to the supervisor, perhaps before the message is read.
    process.once('disconnect', resolve);
  });
  process.send?.({ type: 'leave-port' } satisfies MessageOfWorker);
  await left;
}
