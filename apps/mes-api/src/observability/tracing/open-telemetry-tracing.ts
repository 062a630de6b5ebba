import { setTimeout as sleep } from 'node:timers/promises';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { TracesProtocol } from '../../config/configuration.js';
import { CacheSpans } from './cache-spans.js';
import { ReportingExporter } from './reporting-exporter.js';
import { RequestSpans } from './request-spans.js';
import { statementSpans } from './statement-spans.js';
import type { Tracing } from './tracing.js';

/** Time limit for sending the last spans, in milliseconds. */
export const CLOSING_MS = 2_000;

/**
 * Traces by OpenTelemetry, sent by OTLP over HTTP. The packages read the other `OTEL_` variables themselves. Spans that cannot
 * be sent are kept in a queue of limited length, and dropped beyond it.
 */
export class OpenTelemetryTracing implements Tracing {
  readonly cacheTracer: CacheSpans;
  readonly onStatement: Tracing['onStatement'];
  private readonly requests: RequestSpans;

  private constructor(private readonly provider: BasicTracerProvider) {
    const tracer = provider.getTracer('mes-orders-api');
    this.cacheTracer = new CacheSpans(tracer);
    this.onStatement = statementSpans(tracer);
    this.requests = new RequestSpans(tracer);
  }

  static async start(protocol: TracesProtocol): Promise<OpenTelemetryTracing> {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const exporter = new ReportingExporter(await exporterFor(protocol));
    const resource = defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'mes-orders-api', 'service.instance.id': randomUUID() }))
      .merge(detectResources({ detectors: [envDetector] }));
    return new OpenTelemetryTracing(
      new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] }),
    );
  }

  traceId(): string | undefined {
    return trace.getSpanContext(context.active())?.traceId;
  }

  traceRequests(server: FastifyInstance): void {
    this.requests.install(server);
  }

  async close(hurry: AbortSignal): Promise<void> {
    const sent = this.provider.shutdown().catch(() => undefined);
    await Promise.race([sent, sleep(CLOSING_MS, undefined, { signal: hurry }).catch(() => undefined)]);
  }
}

async function exporterFor(protocol: TracesProtocol): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter();
}
