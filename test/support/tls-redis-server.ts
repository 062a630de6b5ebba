import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { redisCommand } from './redis-command.js';
import { RedisServer } from './redis-server.js';

const run = promisify(execFile);

/** A certificate for 127.0.0.1 that nobody has signed but itself, as an authority does. */
export interface TestCertificate {
  readonly keyFile: string;
  readonly certificateFile: string;
}

/** Makes a certificate in this folder. */
export async function makeCertificate(folder: string): Promise<TestCertificate> {
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const files = ['-keyout', keyFile, '-out', certificateFile];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names, ...files]);
  return { keyFile, certificateFile };
}

/** A Redis that also listens with TLS, by a certificate of its own. */
export class TlsRedisServer {
  private constructor(
    private readonly server: RedisServer,
    private readonly folder: string,
    /** Its address with TLS. */
    readonly url: string,
    /** The file that makes its certificate trusted. */
    readonly certificateFile: string,
  ) {}

  /** @param others of its settings */
  static async start(others: Readonly<Record<string, string>> = {}): Promise<TlsRedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'mes-redis-tls-'));
    const { keyFile, certificateFile } = await makeCertificate(folder);
    const server = await RedisServer.start();
    const port = await freePort();
    const settings = {
      'tls-cert-file': certificateFile,
      'tls-key-file': keyFile,
      'tls-ca-cert-file': certificateFile,
      'tls-auth-clients': 'no',
      ...others,
    };
    await redisCommand({ url: server.url }, 'CONFIG', 'SET', ...Object.entries(settings).flat());
    await redisCommand({ url: server.url }, 'CONFIG', 'SET', 'tls-port', port);
    return new TlsRedisServer(server, folder, `rediss://127.0.0.1:${port}`, certificateFile);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
