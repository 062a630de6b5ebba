import { context, SpanKind, SpanStatusCode, trace, type Attributes, type Span, type Tracer } from '@opentelemetry/api';

/** Starts a span below the present one. Undefined if there is none, as in background work, or if it is not sampled. */
export function startChild(
  tracer: Tracer,
  name: string,
  attributes?: Attributes,
  kind = SpanKind.INTERNAL,
): Span | undefined {
  const parent = trace.getSpan(context.active());
  if (!parent?.isRecording()) return undefined;
  return tracer.startSpan(name, { kind, ...(attributes && { attributes }) });
}

/** Ends a span with an error, by its code or name alone: messages may quote values. */
export function endFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', typeOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
