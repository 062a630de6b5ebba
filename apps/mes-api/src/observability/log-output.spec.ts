import { open, type FileHandle } from 'node:fs/promises';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '../../../../test/support/eventually.js';
import { LogOutput, PAUSE_MS } from './log-output.js';

const LINES = 1_000;

describe('the output of the log', () => {
  let folder: string;
  let file: FileHandle;
  let told: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mes-output-'));
    told = [];
  });

  afterEach(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  async function outputTo(path: string): Promise<LogOutput> {
    file = await open(path, 'w');
    return new LogOutput(file.fd, (line) => told.push(line));
  }

  it('has all lines in their order, also those of the end', async () => {
    const path = join(folder, 'log');
    const output = await outputTo(path);
    const lines = Array.from({ length: LINES }, (_, i) => `line ${i}\n`);
    for (const line of lines.slice(0, LINES / 2)) output.write(line);
    await eventually(async () => (await readFile(path, 'utf8')).endsWith(`line ${LINES / 2 - 1}\n`));
    for (const line of lines.slice(LINES / 2)) output.write(line);
    await eventually(async () => (await readFile(path, 'utf8')) === lines.join(''));
    output.close();
    expect(await readFile(path, 'utf8')).toBe(lines.join(''));
    expect(told).toEqual([]);
  });

  it('says once that its disk is full, and ends all the same', async () => {
    const output = await outputTo('/dev/full');
    for (let i = 0; i < LINES; i += 1) output.write(`line ${i}\n`);
    await eventually(() => told.length > 0);
    output.write('another line\n');
    output.close();
    expect(told).toEqual([
      'The log cannot be written to standard output (ENOSPC): make room there, or start the API with another output',
    ]);
  });

  it('writes nothing after its end, to what may be another file by then', async () => {
    const full = await outputTo('/dev/full');
    full.write('line\n');
    await eventually(() => told.length > 0);
    full.close();
    const { fd } = file;
    await file.close();
    const path = join(folder, 'other');
    file = await open(path, 'w');
    expect(file.fd).toBe(fd);
    full.write('late\n');
    // The next attempt would have been made by now.
    await setTimeout(2 * PAUSE_MS);
    expect(await readFile(path, 'utf8')).toBe('');
  });
});
