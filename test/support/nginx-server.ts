import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent, fetch, type RequestInit, type Response } from 'undici';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { findProgram } from './debian-package.js';
import { eventually } from './eventually.js';
import { selfSignedCertificate } from './self-signed-certificate.js';
import { watchOver } from './watchdog.js';

const TEMPLATE = 'docker/nginx/mes-orders.conf.template';

/** A line of the access log. */
export interface LoggedRequest {
  readonly id: string;
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly status: string;
  /** The addresses of the instances that were tried, separated by commas. */
  readonly instance: string;
}

/** A request of a client. */
export interface NginxRequest extends RequestInit {
  /** The address of the client, one of this machine; 127.0.0.1 by default. */
  readonly from?: string;
}

/** A real nginx with the configuration of the project, in front of instances of the API. */
export class NginxServer {
  private readonly agents = new Map<string, Agent>();
  private stderr = '';

  private constructor(
    /** The origin, by HTTPS. */
    readonly url: string,
    /** The origin that redirects. */
    readonly plainUrl: string,
    /** Of the server, in PEM. */
    readonly certificate: string,
    private readonly folder: string,
    private readonly server: ChildProcess,
    private readonly callOffWatch: () => void,
  ) {
    server.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  /**
   * @param basePath undefined to leave the variable in the template, as the image of nginx does with those that are not set
   * @param port the port for HTTPS; a free one by default
   */
  static async start(instances: readonly string[], basePath: string | undefined, port?: number): Promise<NginxServer> {
    const program = await findProgram({
      name: 'nginx',
      package: 'nginx',
      folder: 'usr/sbin',
      versionArgument: '-v',
    });
    const folder = await mkdtemp(join(tmpdir(), 'mes-nginx-'));
    const [{ certificate, key }, plainPort, tlsPort] = await Promise.all([
      selfSignedCertificate(folder),
      freePort(),
      port ?? freePort(),
    ]);
    const url = `https://127.0.0.1:${tlsPort}`;
    const variables: Readonly<Record<string, string>> = {
      MES_INSTANCES: instances.map((url) => `server ${new URL(url).host};`).join(' '),
      MES_ORIGIN: url,
      MES_SERVER_NAME: 'localhost',
      MES_HTTP_LISTEN: `127.0.0.1:${plainPort}`,
      MES_HTTPS_LISTEN: `127.0.0.1:${tlsPort}`,
      MES_BASE_PATH: basePath ?? '${MES_BASE_PATH}',
      MES_TLS_CERTIFICATE: certificate,
      MES_TLS_KEY: key,
      MES_ACCESS_LOG: join(folder, 'access.log'),
      MES_ERROR_LOG: 'stderr',
    };
    const template = await readTemplate(program);
    const rendered = template.replace(/\$\{(\w+)\}/g, (_, name: string) => {
      const value = variables[name];
      if (value === undefined) throw new Error(`${TEMPLATE} has an unknown variable ${name}`);
      return value;
    });
    await writeFile(join(folder, 'mes-orders.conf'), rendered);
    // As in the image of nginx, and where Debian installs it.
    await mkdir(join(folder, 'html'));
    await writeFile(join(folder, 'html/index.html'), 'Welcome to nginx!');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    await writeFile(
      join(folder, 'nginx.conf'),
      `daemon off; pid ${folder}/nginx.pid; worker_processes 2; ${userInfo().uid === 0 ? 'user root;' : ''}
events {}
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  include ${folder}/mes-orders.conf;
}
`,
    );
    const server = spawn(program, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(server, 'spawn');
    if (server.pid === undefined) throw new Error('nginx has no process');
    const started = new NginxServer(
      url,
      `http://127.0.0.1:${plainPort}`,
      await readFile(certificate, 'utf8'),
      folder,
      server,
      watchOver(server.pid, [folder]),
    );
    try {
      await eventually(() => started.isListening());
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  fetch(path: string, { from = '127.0.0.1', ...init }: NginxRequest = {}): Promise<Response> {
    let agent = this.agents.get(from);
    if (!agent) {
      agent = new Agent({ connect: { ca: this.certificate }, localAddress: from });
      this.agents.set(from, agent);
    }
    return fetch(`${this.url}${path}`, { redirect: 'manual', ...init, dispatcher: agent });
  }

  async log(): Promise<LoggedRequest[]> {
    const lines = (await readFile(join(this.folder, 'access.log'), 'utf8')).trim().split('\n');
    return lines.map((line) => JSON.parse(line) as LoggedRequest);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.agents.values()].map((agent) => agent.destroy()));
    if (this.server.exitCode === null && this.server.signalCode === null) {
      // Ends its worker processes as well.
      this.server.kill('SIGTERM');
      await once(this.server, 'exit');
    }
    this.callOffWatch();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async isListening(): Promise<boolean> {
    if (this.server.exitCode !== null) throw new Error(`nginx ended: ${this.stderr}`);
    if (this.stderr.includes('[warn]')) throw new Error(`nginx warns: ${this.stderr}`);
    return fetch(this.plainUrl, { redirect: 'manual' }).then(
      () => true,
      () => false,
    );
  }
}

/** The template, changed for nginx before 1.25.1 as docker/README.md says. */
async function readTemplate(program: string): Promise<string> {
  const template = await readFile(TEMPLATE, 'utf8');
  const { stderr } = await promisify(execFile)(program, ['-v']);
  const [, minor, patch] = /nginx\/1\.(\d+)\.(\d+)/.exec(stderr) ?? [];
  const knowsDirective = Number(minor) > 25 || (minor === '25' && patch !== '0');
  return knowsDirective ? template : template.replace(' ssl;', ' ssl http2;').replace('    http2 on;\n', '');
}
