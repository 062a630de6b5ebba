import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './debian-package.js';

const run = promisify(execFile);

const REQUEST = `[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1
`;

/** The files of a certificate for this machine. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate for this machine that is valid for a day. */
export async function selfSignedCertificate(folder: string): Promise<CertificateFiles> {
  const openssl = await findProgram({ name: 'openssl', package: 'openssl', versionArgument: 'version' });
  const [request, certificate, key] = [join(folder, 'request'), join(folder, 'certificate'), join(folder, 'key')];
  await writeFile(request, REQUEST);
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-config', request, '-keyout', key, '-out', certificate];
  await run(openssl, ['req', '-x509', '-days', '1', ...algorithm, ...files]);
  return { certificate, key };
}
