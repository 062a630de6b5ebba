import type { Configuration } from '../../config/configuration.js';
import type { Tracing } from './tracing.js';

/** Starts tracing, if it is configured. Only then are the packages of OpenTelemetry loaded. */
export async function startTracing({ tracing }: Pick<Configuration, 'tracing'>): Promise<Tracing | undefined> {
  if (!tracing) return undefined;
  const { OpenTelemetryTracing } = await import('./open-telemetry-tracing.js');
  return OpenTelemetryTracing.start(tracing.protocol);
}
