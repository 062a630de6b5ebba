import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

describe('TcpProxy', () => {
  let server: Server;
  let proxy: TcpProxy;
  let accepted: Socket[];
  let clients: Socket[];

  beforeEach(async () => {
    accepted = [];
    clients = [];
    server = createServer((socket) => {
      accepted.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => socket.write(chunk));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await TcpProxy.open(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });

  afterEach(async () => {
    for (const client of clients) client.destroy();
    await proxy.close();
    server.close();
    for (const socket of accepted) socket.destroy();
    await once(server, 'close');
  });

  async function open(way = proxy): Promise<Socket> {
    const client = connect(Number(new URL(way.url).port), '127.0.0.1');
    clients.push(client);
    await once(client, 'connect');
    await echo(client, 'hello');
    return client;
  }

  async function echo(client: Socket, text: string): Promise<void> {
    client.write(text);
    const [chunk] = (await once(client, 'data')) as [Buffer];
    expect(chunk.toString()).toBe(text);
  }

  /** The events of a socket from now on. */
  function eventsOf(socket: Socket): string[] {
    const events: string[] = [];
    for (const event of ['data', 'end', 'close', 'error']) socket.on(event, () => events.push(event));
    return events;
  }

  it('vanishes: old connections stay silent even if one end closes, and new connections work', async () => {
    const [ending, lasting] = [await open(), await open()];
    const events = [...accepted, lasting].map(eventsOf);
    proxy.vanish();
    ending.write('a word');
    lasting.write('a word');
    ending.end();
    ending.destroy();
    accepted[1]?.end('the last word');
    // Events of the old connections would arrive before these replies.
    for (let i = 0; i < 5; i++) await echo(await open(), 'still there');
    expect(events).toEqual([[], [], []]);
  });

  it('does not restore vanished connections when it is mended', async () => {
    const client = await open();
    proxy.vanish();
    const events = eventsOf(client);
    client.write('a word');
    proxy.breakConnections();
    proxy.mend();
    for (let i = 0; i < 5; i++) await echo(await open(), 'still there');
    expect(events).toEqual([]);
  });

  it('ends all connections when it is closed', async () => {
    const other = await TcpProxy.open(proxy.url);
    const client = await open(other);
    other.vanish();
    const events = eventsOf(client);
    await other.close();
    await eventually(() => events.includes('close'));
  });
});
