import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { printAddress } from './print-address.js';

// The lower bound of the cost with Node.js: constant bytes for every request.
const page = readFileSync(process.env.PAGE_FILE ?? '');
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': String(page.length) };

const server = createServer((_request, response) => {
  response.writeHead(200, headers).end(page);
});
server.listen(0, '127.0.0.1', () => {
  printAddress(server.address());
});
