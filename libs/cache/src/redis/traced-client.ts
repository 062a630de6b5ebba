import { traced, type CacheTracer } from '../cache.tracer.js';
import { redisScripts } from './redis-scripts.js';

/** The methods of a client that send no command for a caller. */
const OTHERS = new Set(['on', 'once', 'off', 'emit', 'connect', 'disconnect', 'quit', 'ping', 'multi']);

/** A client of the `redis` package whose commands are traced, by their names alone: arguments may be data of customers. */
export function tracedClient<Client extends object>(client: Client, tracer: CacheTracer): Client {
  return new Proxy(client, {
    get(_, name) {
      const member: unknown = Reflect.get(client, name);
      if (typeof member !== 'function') return member;
      if (typeof name === 'symbol' || OTHERS.has(name)) return member.bind(client) as unknown;
      const isScript = Object.hasOwn(redisScripts, name);
      return (...given: unknown[]): unknown => {
        const send = (): Promise<unknown> => Reflect.apply(member, client, given) as Promise<unknown>;
        const operation = isScript ? tracer.beginCommand('EVALSHA', name) : tracer.beginCommand(name.toUpperCase());
        return operation ? traced(operation, send) : send();
      };
    },
  });
}
