import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Poller } from './poller.js';

describe('Poller', () => {
  const headers = {};
  let server: Server;
  let url: string;
  let respond: (response: ServerResponse) => void;
  let abandoned: number;
  let failures: Error[];

  beforeEach(async () => {
    abandoned = 0;
    failures = [];
    respond = (response) => response.end('done');
    server = createServer((_, response) => {
      response.once('close', () => {
        if (!response.writableFinished) abandoned += 1;
      });
      respond(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  function poller(onResponse: () => void = () => undefined): Poller {
    return new Poller({ url, headers, status: 200 }, { onResponse, onFailure: (error) => failures.push(error) });
  }

  function firstFailure(): Promise<Error> {
    return new Promise((resolve) => {
      new Poller({ url, headers, status: 200 }, { onResponse: () => undefined, onFailure: resolve });
    });
  }

  it('repeats its request until it is to finish', async () => {
    let responses = 0;
    await new Promise<void>((resolve, reject) => {
      const polling = poller(() => {
        responses += 1;
        if (responses === 3) polling.finish().then(resolve, reject);
      });
    });
    expect(responses).toBe(3);
    expect(failures).toEqual([]);
  });

  it('finishes when the response in progress is complete, and abandons no request', async () => {
    const waiting: ServerResponse[] = [];
    const arrived = new Promise<void>((resolve) => {
      respond = (response) => {
        waiting.push(response);
        resolve();
      };
    });
    let responses = 0;
    const polling = poller(() => (responses += 1));
    await arrived;
    const finished = polling.finish();
    for (const response of waiting) response.end('at last');
    await finished;
    expect(responses).toBe(1);
    expect(waiting).toHaveLength(1);
    expect(abandoned).toBe(0);
    expect(failures).toEqual([]);
  });

  it('reports the status and the body of an unexpected response', async () => {
    respond = (response) => {
      response.statusCode = 429;
      response.end('too many at once');
    };
    const { message } = await firstFailure();
    expect(message).toBe('the response has the status 429: too many at once');
  });

  it('reports that the server has closed the connection', async () => {
    respond = (response) => response.destroy();
    const { message } = await firstFailure();
    expect(message).toBe('the server has closed the connection');
  });
});
