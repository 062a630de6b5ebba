import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Changes bytes on their way to the client. */
export type Forgery = (chunk: Buffer) => Buffer | string;

/** A test of bytes on their way to the server. */
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
  private forgery: Forgery | undefined;

  private constructor(
    private readonly server: Server,
    /** The URL of the server through this proxy. */
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

  /** Breaks all connections, including new ones. */
  cut(): void {
    this.isCut = true;
    this.breakConnections();
  }

  /** Breaks all existing connections. New ones work. */
  breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Drops all data, like a network that drops all packets. Connections stay open, and new ones are accepted. */
  block(): void {
    this.isBlocked = true;
    for (const socket of this.sockets) socket.pause();
  }

  /**
   * Silences all existing connections for ever, as if the server's machine had lost its power. Neither end notices anything,
   * not even that the other one closes its socket. New connections work.
   */
  vanish(): void {
    for (const socket of this.sockets) {
      for (const event of ['data', 'end', 'error', 'close']) socket.removeAllListeners(event);
      socket.on('error', () => undefined);
      // A paused socket does not notice its end.
      socket.pause();
      this.silenced.add(socket);
    }
    this.sockets.clear();
  }

  /** Delays data in both directions by this number of milliseconds. */
  delay(latency: number): void {
    this.latency = latency;
  }

  /** Leads new connections to another server. */
  divert(target: string): void {
    this.target = target;
  }

  /**
   * Calls `watch` with all data for the server. If it returns true, the server receives these bytes, and then the connection
   * breaks on both sides.
   */
  breakAfter(watch: Watch): void {
    this.watch = watch;
  }

  /** Lets clients receive what `forgery` makes of the data of the server. */
  forge(forgery: Forgery): void {
    this.forgery = forgery;
  }

  /** Ends all disturbances. Data that was held back arrives now, except on vanished connections. */
  mend(): void {
    this.isCut = false;
    this.isBlocked = false;
    this.latency = 0;
    this.watch = undefined;
    this.forgery = undefined;
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
      // The server receives everything written so far, but the client receives no reply.
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
      // Data stays in order.
      due = Math.max(due, now + this.latency);
      const send = (): void => {
        if (this.silenced.has(from)) return;
        const sent = onData ? chunk : (this.forgery?.(chunk) ?? chunk);
        if (to.writable) to.write(sent);
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
