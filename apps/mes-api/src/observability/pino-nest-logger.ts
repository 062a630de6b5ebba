import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { LogOutput } from './log-output.js';
import type { Tracing } from './tracing/tracing.js';

const output = new LogOutput();
process.on('exit', () => {
  output.close();
});

/**
 * Creates the log of the process: JSON lines. It is not given to Fastify, so it has no requests and no headers.
 *
 * @param tracing gives each line that belongs to a trace the id of that trace
 */
export function createLog({ logLevel: level }: Pick<Configuration, 'logLevel'>, tracing?: Tracing): Logger {
  const mixin = tracing && (() => ({ trace_id: tracing.traceId() }));
  return pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, ...(mixin && { mixin }) },
    output,
  );
}

/** Contexts of Nest's messages about the start, which are logged at the level `debug`. */
const ASSEMBLY = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** Contexts of Nest's errors at the start. They are thrown as well, and reported once at the end of the start. */
const THROWN = new Set(['NestApplication', 'ExceptionHandler']);

/** Writes Nest's messages to the log. */
export class PinoNestLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(ASSEMBLY.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write(THROWN.has(String(rest.at(-1))) ? 'debug' : 'error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Nest passes the context last, and the stack of an error before it. */
  private write(level: 'info' | 'error' | 'warn' | 'debug' | 'trace', message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const stack = rest.length > 1 ? rest[0] : undefined;
    this.pino[level]({ context, stack }, String(message));
  }
}
