import { CacheTracer, type CacheOperation, type TracedOperation } from '@mes/cache';
import { context, SpanKind, trace, type AttributeValue, type Span, type Tracer } from '@opentelemetry/api';
import { endFailed, startChild } from './active-span.js';

/** Spans for what the cache does on behalf of a request, and for its commands to Redis. */
export class CacheSpans extends CacheTracer {
  constructor(private readonly tracer: Tracer) {
    super();
  }

  override begin(operation: CacheOperation): TracedOperation | undefined {
    const span = startChild(this.tracer, `cache ${operation}`);
    return span && new OperationSpan(span);
  }

  override beginCommand(command: string, script?: string): TracedOperation | undefined {
    const name = script === undefined ? command : `${command} ${script}`;
    const attributes = {
      'db.system.name': 'redis',
      'db.operation.name': command,
      ...(script !== undefined && { 'db.stored_procedure.name': script }),
    };
    const span = startChild(this.tracer, name, attributes, SpanKind.CLIENT);
    return span && new OperationSpan(span);
  }
}

class OperationSpan implements TracedOperation {
  constructor(private readonly span: Span) {}

  within<T>(work: () => T): T {
    return context.with(trace.setSpan(context.active(), this.span), work);
  }

  end(facts: object = {}): void {
    if (!this.span.isRecording()) return;
    for (const [name, value] of Object.entries(facts) as [string, AttributeValue][]) {
      this.span.setAttribute(name === 'kind' ? 'cache.outcome' : `cache.${name}`, value);
    }
    this.span.end();
  }

  fail(error: unknown): void {
    endFailed(this.span, error);
  }
}
