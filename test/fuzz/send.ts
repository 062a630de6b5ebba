import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { ApiAnswer } from '../support/orders-api.js';
import type { SentRequest } from './fuzzed-request.js';

const PATIENCE_MS = 10_000;

/** A sender of unchanged requests over kept-alive connections. */
export class Sender {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly url: string) {}

  /** @throws Error if the response is missing, violates HTTP, or contradicts its own headers */
  send({ method, path, headers, body }: SentRequest): Promise<ApiAnswer<unknown>> {
    const { hostname, port } = new URL(this.url);
    const length: [string, string][] = body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))]];
    const flat = [['Host', `${hostname}:${port}`], ...length, ...headers].flat();
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { hostname, port, agent: this.agent, method, path, headers: flat, timeout: PATIENCE_MS },
        (response) => {
          const chunks: Buffer[] = [];
          const answer = (): void => {
            try {
              const received = new Headers(response.headersDistinct as unknown as Record<string, string>);
              resolve(answerOf(response.statusCode ?? 0, received, Buffer.concat(chunks)));
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          };
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk);
            if (!isEndless(response)) return;
            answer();
            request.destroy();
          });
          response.on('error', reject);
          response.on('end', answer);
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no response for ${PATIENCE_MS} ms`)));
      request.on('error', reject);
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Whether a response is a stream of events, which only the client ends. */
function isEndless({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('text/event-stream') === true;
}

function answerOf(status: number, headers: Headers, bytes: Buffer): ApiAnswer<unknown> {
  const text = decoded(headers.get('content-encoding'), bytes).toString();
  const isJson = text !== '' && (headers.get('content-type') ?? '').includes('json');
  return { status, headers, body: isJson ? JSON.parse(text) : text };
}

function decoded(coding: string | null, bytes: Buffer): Buffer {
  if (bytes.length === 0 || coding === null) return bytes;
  if (coding === 'br') return brotliDecompressSync(bytes);
  if (coding === 'gzip') return gunzipSync(bytes);
  throw new Error(`the content encoding ${coding} is unknown`);
}
