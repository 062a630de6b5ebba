import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Bytes on their way to the server. */
export type Watch = (chunk: Buffer) => boolean;

/** A proxy between one client and a server that a test can cut, block, slow down or divert. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  /** Both ends of the connections that {@link vanish} silenced. */
  private readonly silenced = new Set<Socket>();
  private isCut = false;
  private isBlocked = false;
  private latency = 0;
  private watch: Watch | undefined;

  private constructor(
    private readonly server: Server,
    /** Leads to the server through this proxy. */
    readonly url: string,
    private target: string,
  ) {}

  /** @param target URL of the server */
  static async open(target: string): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(target);
    url.port = String((server.address() as AddressInfo).port);
    const proxy = new TcpProxy(server, url.href, target);
    server.on('connection', (client) => {
      proxy.accept(client);
    });
    return proxy;
  }

  /** Breaks all connections, also new ones. */
  cut(): void {
    this.isCut = true;
    this.breakConnections();
  }

  /** Breaks all connections, except new ones. */
  breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Connections stay open and new ones are accepted, but nothing arrives any more: as if all packets were dropped. */
  block(): void {
    this.isBlocked = true;
    for (const socket of this.sockets) socket.pause();
  }

  /**
   * Silences all connections that there are for ever, as if the server's machine had lost its power: neither end is told
   * anything, not even that the other one closes its socket. New connections work.
   */
  vanish(): void {
    for (const socket of this.sockets) {
      for (const event of ['data', 'end', 'error', 'close']) socket.removeAllListeners(event);
      socket.on('error', () => undefined);
      // Nothing is read any more, so that the end is not seen, either.
      socket.pause();
      this.silenced.add(socket);
    }
    this.sockets.clear();
  }

  /** Delays everything in both directions by this number of milliseconds. */
  delay(latency: number): void {
    this.latency = latency;
  }

  /** New connections lead to another server. */
  divert(target: string): void {
    this.target = target;
  }

  /**
   * Calls `watch` with everything that goes to the server. Where it gives true, the server gets these bytes, and then the
   * connection breaks on both sides.
   */
  breakAfter(watch: Watch): void {
    this.watch = watch;
  }

  /** From now on it is a good way again. What was held back arrives now, but nothing of what vanished. */
  mend(): void {
    this.isCut = false;
    this.isBlocked = false;
    this.latency = 0;
    this.watch = undefined;
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    for (const socket of this.silenced) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    if (this.isCut) {
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(this.target);
    const server = connect(Number(port), hostname);
    this.join(client, server, (chunk) => {
      if (this.watch?.(chunk) !== true) return;
      // What was written is sent before the connection ends; nothing that comes back is.
      client.destroy();
    });
    this.join(server, client);
  }

  private join(from: Socket, to: Socket, onData?: (chunk: Buffer) => void): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    let due = 0;
    from.on('data', (chunk: Buffer) => {
      const now = performance.now();
      // Nothing overtakes what was sent before it.
      due = Math.max(due, now + this.latency);
      const send = (): void => {
        if (this.silenced.has(from)) return;
        if (to.writable) to.write(chunk);
        onData?.(chunk);
      };
      if (due <= now) send();
      else setTimeout(send, due - now);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      if (to.writableLength > 0) to.end();
      else to.destroy();
    });
    if (this.isBlocked) from.pause();
  }
}
