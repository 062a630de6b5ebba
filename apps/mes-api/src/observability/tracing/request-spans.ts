import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Tracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The methods that have a name in a span. Others are written by clients as they like. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * A span for each request that reaches Fastify, below the one that the header `traceparent` names (W3C Trace Context). It
 * tells the template of the route, and neither path nor query, which may name orders and customers.
 */
export class RequestSpans {
  private readonly propagator = new W3CTraceContextPropagator();

  constructor(private readonly tracer: Tracer) {}

  install(server: FastifyInstance): void {
    server.addHook('onRequest', (request, reply, done) => {
      context.with(this.begin(request, reply), done);
    });
  }

  private begin(request: FastifyRequest, reply: FastifyReply): Context {
    const parent = this.propagator.extract(ROOT_CONTEXT, request.headers, HEADERS);
    const method = METHODS.has(request.method) ? request.method : '_OTHER';
    const route = request.routeOptions.url;
    const attributes = {
      'http.request.method': method,
      'url.scheme': request.protocol,
      'network.protocol.version': request.raw.httpVersion,
      'mes.request.id': request.id,
      ...(route !== undefined && { 'http.route': route }),
    };
    const name = `${method === '_OTHER' ? 'HTTP' : method}${route === undefined ? '' : ` ${route}`}`;
    const span = this.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    if (span.isRecording()) {
      // Also after a hit of the fast path, and when the client has gone away.
      reply.raw.once('close', () => {
        const { statusCode, headersSent } = reply.raw;
        if (headersSent) span.setAttribute('http.response.status_code', statusCode);
        if (headersSent && statusCode >= 500) {
          span.setAttribute('error.type', String(statusCode));
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      });
    }
    return trace.setSpan(parent, span);
  }
}

const HEADERS = {
  get: (headers: FastifyRequest['headers'], name: string) => headers[name],
  keys: (headers: FastifyRequest['headers']) => Object.keys(headers),
};
