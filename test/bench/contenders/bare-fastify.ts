import { readFileSync } from 'node:fs';
import { fastify } from 'fastify';
import { announce } from './announce.js';

// The least that Fastify can do: the bytes of the page, for its route.
const page = readFileSync(process.env.PAGE_FILE ?? '');
const server = fastify();
server.get('/api/v1/orders', (_request, reply) => reply.type('application/json; charset=utf-8').send(page));
await server.listen({ port: 0, host: '127.0.0.1' });
announce(server.server.address());
