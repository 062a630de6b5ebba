import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { eventually } from './eventually.js';

/** A span as OTLP carries it in JSON: ids are hexadecimal, numbers of 64 bits are strings. */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly status?: { readonly code?: number };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly boolValue?: boolean;
    readonly intValue?: number | string;
    readonly doubleValue?: number;
  };
}

interface ExportTraceServiceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
}

/** What a receiver does with a request: accepts it, refuses it, or never answers. */
type Behaviour = 'accept' | 'refuse' | 'hang';

/**
 * A receiver of traces that speaks OTLP/HTTP as its specification says: `POST /v1/traces` with an ExportTraceServiceRequest,
 * compressed or not, answered with an ExportTraceServiceResponse in the same encoding. It reads spans from JSON alone, and
 * keeps the bytes of both encodings.
 */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly bodies: { readonly type: string; readonly bytes: Buffer }[] = [];
  behaviour: Behaviour = 'accept';
  /** Requests so far, accepted or not. */
  requests = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(port = 0): Promise<OtlpReceiver> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const receiver = new OtlpReceiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => {
      receiver.requests += 1;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (receiver.behaviour === 'hang') return;
        const type = request.headers['content-type'] ?? '';
        const isKnown = ['application/json', 'application/x-protobuf'].includes(type);
        if (request.method !== 'POST' || request.url !== '/v1/traces' || !isKnown) {
          response.writeHead(isKnown ? 404 : 415).end();
          return;
        }
        if (receiver.behaviour === 'refuse') {
          response.writeHead(400, { 'content-type': type }).end();
          return;
        }
        const sent = Buffer.concat(chunks);
        receiver.take(type, request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent);
        // The empty ExportTraceServiceResponse.
        response.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? '{}' : undefined);
      });
    });
    return receiver;
  }

  /** The spans of a trace, once the one for the request is among them. Children end before it. */
  trace(traceId: string): Promise<ReceivedSpan[]> {
    return eventually(() => {
      const spans = this.spans.filter((span) => span.traceId === traceId);
      return spans.some(({ kind }) => kind === SERVER) && spans;
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(type: string, bytes: Buffer): void {
    this.bodies.push({ type, bytes });
    if (type !== 'application/json') return;
    const { resourceSpans } = JSON.parse(bytes.toString()) as ExportTraceServiceRequest;
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) {
        this.spans.push(...spans.map((span) => received(span, valuesOf(resource.attributes))));
      }
    }
  }
}

/** `SPAN_KIND_SERVER` of OTLP. */
const SERVER = 2;
/** `STATUS_CODE_ERROR` of OTLP. */
const ERROR = 2;

function received(span: OtlpSpan, resource: Readonly<Record<string, unknown>>): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, kind, attributes = [], status } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
    name,
    kind,
    attributes: valuesOf(attributes),
    resource,
    isError: status?.code === ERROR,
  };
}

function valuesOf(attributes: readonly OtlpAttribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.intValue ?? value.doubleValue,
    ]),
  );
}
