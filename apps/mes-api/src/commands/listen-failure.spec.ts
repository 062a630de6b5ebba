import { once } from 'node:events';
import { createServer } from 'node:net';
import { EnvironmentError } from '../config/environment-error.js';
import { explainListening } from './listen-failure.js';

describe('explainListening', () => {
  it.each([
    ['fe80::1', 'HOST: nobody can listen on fe80::1 as it stands: add its interface, such as fe80::1%eth0'],
    ['192.0.2.1', 'HOST: 192.0.2.1 is no address of this machine'],
    ['no-such-host.invalid', 'HOST: no-such-host.invalid is not known'],
  ])('names the variable and what to do: %s', async (host, sentence) => {
    const server = createServer().listen(0, host);
    const [error] = (await once(server, 'error')) as [Error];
    const explained = explainListening(error, { host, port: 0 });
    expect(explained).toBeInstanceOf(EnvironmentError);
    expect((explained as Error).message).toContain(sentence);
  });
});
