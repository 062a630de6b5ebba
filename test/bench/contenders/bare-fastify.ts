import { readFileSync } from 'node:fs';
import { fastify } from 'fastify';
import { printAddress } from './print-address.js';

// The lower bound of the cost with Fastify: constant bytes for one route.
const page = readFileSync(process.env.PAGE_FILE ?? '');
const server = fastify();
server.get('/api/v1/orders', (_request, reply) => reply.type('application/json; charset=utf-8').send(page));
await server.listen({ port: 0, host: '127.0.0.1' });
printAddress(server.server.address());
