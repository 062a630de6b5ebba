import type { Configuration } from '../../config/configuration.js';
import type { Tracing } from './tracing.js';

/** Starts tracing, if it is configured. Only then are the packages of OpenTelemetry loaded. */
export async function startTracing({ tracing }: Pick<Configuration, 'tracing'>): Promise<Tracing | undefined> {
  if (!tracing) return undefined;
  // The packages read them as they are. With a space, an endpoint would be another one, and a sampler none.
  for (const [name, value = ''] of Object.entries(process.env)) {
    if (name.startsWith('OTEL_')) process.env[name] = value.trim();
  }
  const { OpenTelemetryTracing } = await import('./open-telemetry-tracing.js');
  return OpenTelemetryTracing.start(tracing.protocol);
}
