import type { ServerResponse } from 'node:http';
import type { ClientStream } from '../../apps/mes-api/src/events-stream/client-stream.js';
import { EventFeed } from '../../apps/mes-api/src/events-stream/event-feed.js';
import { EventStreams } from '../../apps/mes-api/src/events-stream/event-streams.js';
import { EVENTS_STREAM_DEFAULTS } from '../../apps/mes-api/src/events-stream/events-stream.options.js';
import { EventStream, openStreams } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertOrders } from '../support/test-orders.js';

/** The greatest overhead of a chunk in chunked transfer coding, in bytes. */
const FRAME = 16;

describe('a client of the live events that does not read', () => {
  let database: TestDatabase;
  let table: OrdersTable;
  let api: OrdersApi;
  const clients: EventStream[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    table = await OrdersTable.connect(database.url);
    api = await OrdersApi.start({ databaseUrl: database.url });
  });

  afterAll(async () => {
    for (const client of clients) client.drop();
    await api.stop();
    await table.close();
    await database.drop();
  });

  /** Both ends of a stream. `unsent` gives the number of bytes that the process holds for the client. */
  async function connect(subject: string): Promise<{ client: EventStream; unsent: () => number }> {
    const server = api.application.getHttpServer();
    const responded = new Promise<ServerResponse>((resolve) => {
      server.once('request', (_request, response: ServerResponse) => {
        resolve(response);
      });
    });
    const known = streams();
    const client = await EventStream.connect(api.url, { token: await api.token('viewer', subject) });
    clients.push(client);
    const response = await responded;
    const stream = streams().find((one) => !known.includes(one));
    if (!stream) throw new Error('the server has no new stream');
    return { client, unsent: () => (stream.destroyed ? 0 : stream.readableLength + response.writableLength) };
  }

  function streams(): ClientStream[] {
    const open = Reflect.get(api.application.get(EventStreams, { strict: false }), 'open') as Map<
      ClientStream,
      unknown
    >;
    return [...open.keys()];
  }

  it('is disconnected once it is more than 64 KiB behind, while other clients continue', async () => {
    const reading = await connect('reading');
    reading.client.read();
    const stuck = await connect('stuck');

    // This subscriber comes last, so all clients have received the same messages before it.
    let excess = -Infinity;
    let most = 0;
    api.application.get(EventFeed, { strict: false }).subscribe((messages) => {
      const unsent = stuck.unsent();
      most = Math.max(most, unsent);
      excess = Math.max(excess, unsent - messages.length - FRAME - EVENTS_STREAM_DEFAULTS.maxUnsentBytes);
    });
    // The events must exceed the buffers of the operating system.
    let inserted = 0;
    await eventually(async () => {
      await table.query(insertOrders(1_000));
      inserted += 1_000;
      await eventually(() => reading.client.events.length > inserted);
      expect(excess).toBeLessThanOrEqual(0);
      return (await openStreams(api)) === 1;
    }, 180_000);
    // The process really held data for the client.
    expect(most).toBeGreaterThan(EVENTS_STREAM_DEFAULTS.maxUnsentBytes / 2);
    expect(stuck.unsent()).toBe(0);
    expect(reading.client.isClosed).toBe(false);
    expect(reading.client.news).toHaveLength(inserted);
  });
});
