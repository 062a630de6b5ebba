import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { responseShape } from './response-shape.js';

describe('the shape of a program', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'program-'));
    await mkdir(join(directory, 'orders'));
    await write('main.js', 'start();');
    await write('orders/order.js', 'export const order = 1;');
  });

  afterEach(() => rm(directory, { recursive: true }));

  function write(path: string, content: string): Promise<void> {
    return writeFile(join(directory, path), content);
  }

  it('is the same for the same code, wherever it lies', async () => {
    const shape = await responseShape(directory);
    expect(shape).toMatch(/^[\w-]{12}$/);
    expect(await responseShape(directory)).toBe(shape);

    const elsewhere = await mkdtemp(join(tmpdir(), 'program-'));
    await mkdir(join(elsewhere, 'orders'));
    await writeFile(join(elsewhere, 'orders/order.js'), 'export const order = 1;');
    await writeFile(join(elsewhere, 'main.js'), 'start();');
    expect(await responseShape(elsewhere)).toBe(shape);
    await rm(elsewhere, { recursive: true });
  });

  it.each([
    ['a changed file', 'orders/order.js', 'export const order = 2;'],
    ['a new file', 'orders/customer.js', ''],
    ['a new TypeScript file', 'customer.ts', ''],
  ])('is another one with %s', async (_, path, content) => {
    const shape = await responseShape(directory);
    await write(path, content);
    expect(await responseShape(directory)).not.toBe(shape);
  });

  it.each(['orders/order.spec.ts', 'orders/order.d.ts', 'main.js.map', 'README.md'])(
    'does not depend on %s, which does not run',
    async (path) => {
      const shape = await responseShape(directory);
      await write(path, 'anything');
      expect(await responseShape(directory)).toBe(shape);
    },
  );

  it('holds the code of this library', async () => {
    expect(await responseShape()).not.toBe(await responseShape(directory));
    expect(await responseShape()).toMatch(/^[\w-]{12}$/);
  });
});
