import type { StatementListener } from '@mes/database';
import { SpanKind, type Tracer } from '@opentelemetry/api';
import { endFailed, startChild } from './active-span.js';

/** Spans for the statements that are sent to PostgreSQL on behalf of a request, without the values of their parameters. */
export function statementSpans(tracer: Tracer): StatementListener {
  return (text, { host, port, database }) => {
    const summary = summaryOf(text);
    const attributes = {
      'db.system.name': 'postgresql',
      'db.query.summary': summary,
      'db.query.text': text.trim(),
      'server.address': host,
      'server.port': port,
      ...(database !== undefined && { 'db.namespace': database }),
    };
    const span = startChild(tracer, summary, attributes, SpanKind.CLIENT);
    if (!span) return undefined;
    return (error) => {
      if (error) endFailed(span, error);
      else span.end();
    };
  };
}

/** The verb of a statement and its first table, such as `SELECT orders`. */
export function summaryOf(text: string): string {
  const verb = /[a-z]+/i.exec(text)?.[0].toUpperCase() ?? 'SQL';
  const table = /\b(?:from|into|update)\s+"?([a-z_]+)/i.exec(text)?.[1];
  return table === undefined ? verb : `${verb} ${table}`;
}
