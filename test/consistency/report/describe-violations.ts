import { RULES, type Violation } from '../checker/violation.js';
import type { Asked, Call, Came } from '../history/call.js';

/** A text that describes the violations, each with the shortest history that shows it. */
export function describeViolations(violations: readonly Violation[], most = 5): string {
  const shown = violations.toSorted((a, b) => a.calls.length - b.calls.length).slice(0, most);
  const lines = shown.flatMap(({ rule, what, calls }) => {
    const origin = Math.min(...calls.map(({ start }) => start));
    return [`${rule}: ${RULES[rule]}`, `  ${what}`, ...calls.map((call) => `    ${describeCall(call, origin)}`)];
  });
  const rest = violations.length - shown.length;
  return [...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n');
}

function describeCall({ client, instance, start, end, asked, came }: Call, origin: number): string {
  const times = `${(start - origin).toFixed(3)} to ${(end - origin).toFixed(3)} ms`;
  return `${times}  ${client} asks ${instance}: ${describeAsked(asked)} -> ${describeCame(came)}`;
}

function describeAsked(asked: Asked): string {
  switch (asked.kind) {
    case 'create':
      return 'create an order';
    case 'change':
      return `set ${asked.order} to ${asked.to}`;
    case 'edit':
      return `give ${asked.order} ${JSON.stringify(asked.fields)}`;
    case 'change several':
      return `set ${asked.orders.join(', ')} to ${asked.to}`;
    case 'order':
      return `order ${asked.order}`;
    case 'history':
      return `history of ${asked.order}`;
    case 'counts':
    case 'due':
    case 'workload':
    case 'throughput':
      return asked.kind;
    case 'total':
      return `total of ${JSON.stringify(asked.filter)}`;
    case 'page':
      return `page of ${JSON.stringify(asked.list)}${asked.after ? ` after ${asked.after.id}` : ''}`;
  }
}

function describeCame(came: Came): string {
  switch (came.kind) {
    case 'order':
      return `version ${came.order.version} of ${came.order.id}, ${came.order.status}`;
    case 'several':
      return came.outcomes.map((outcome) => `${outcome.id}: ${describeCame(outcome.came)}`).join('; ');
    case 'history':
    case 'conflict':
      return `${came.kind}: version ${came.version}`;
    case 'counts':
      return JSON.stringify(came.counts);
    case 'total':
      return JSON.stringify(came.total);
    case 'due':
      return `${JSON.stringify(came.counts)} at ${came.asOf}`;
    case 'workload':
      return JSON.stringify([...came.started]);
    case 'page':
      return `${came.items.length} orders${came.isLast ? ', the last page' : ''}`;
    case 'done':
    case 'missing':
    case 'unknown':
      return came.kind;
  }
}
