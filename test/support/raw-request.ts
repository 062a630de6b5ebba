import { connect } from 'node:net';
import type { ApiAnswer } from './orders-api.js';

export type RawHeader = readonly [name: string, value: string | undefined];

/** A request as it is sent over the connection. */
export interface RawRequest {
  readonly method?: string;
  /** The request target, sent unchanged, with one byte for each character. */
  readonly path: string;
  /**
   * The headers, sent unchanged, with one byte for each character. Pairs may repeat a name. `Host`, `Connection` and
   * `Content-Length` are added if they are missing. An undefined header is not sent.
   */
  readonly headers?: Readonly<Record<string, string | undefined>> | readonly RawHeader[];
  readonly body?: string | Buffer;
}

/** Sends a request unchanged, even a malformed one, and reads the response. */
export async function rawRequest(url: string, request: RawRequest): Promise<ApiAnswer<unknown>> {
  const { method = 'GET', path, headers = {}, body = '' } = request;
  const { hostname, port } = new URL(url);
  const bytes = Buffer.from(body);
  const given: readonly RawHeader[] = isList(headers) ? headers : Object.entries(headers);
  const added: readonly RawHeader[] = [
    ['Host', `${hostname}:${port}`],
    ['Connection', 'close'],
    ['Content-Length', bytes.length > 0 || method !== 'GET' ? String(bytes.length) : undefined],
  ];
  const lines = [...added.filter(([name]) => !given.some(([other]) => other === name)), ...given]
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  return parse(await exchange(hostname, Number(port), Buffer.concat([head, bytes])));
}

function isList(headers: NonNullable<RawRequest['headers']>): headers is readonly RawHeader[] {
  return Array.isArray(headers);
}

/** Sends bytes, and returns all bytes from the server. The server may close the connection before it has read the request. */
function exchange(host: string, port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, host, () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error) => {
      if (chunks.length === 0) reject(error);
    });
    socket.on('close', () => {
      resolve(Buffer.concat(chunks));
    });
  });
}

function parse(answer: Buffer): ApiAnswer<unknown> {
  const end = answer.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = answer.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => [line.split(': ', 1)[0] ?? '', line.replace(/^.*?: /, '')]),
  );
  const text = answer.subarray(end + 4).toString();
  const isJson =
    (headers.get('content-type') ?? '').includes('json') && !headers.has('content-encoding') && text !== '';
  return { status: Number(statusLine.split(' ')[1]), headers, body: isJson ? JSON.parse(text) : text };
}
