import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readConfiguration } from './configuration.js';
import { projectFolder } from './project-folder.js';

describe('the folder of the project', () => {
  it('is that of package.json, for the sources and for the build', () => {
    expect(projectFolder()).toBe(resolve('.'));
    expect(projectFolder(resolve('dist/apps/mes-api/src/config'))).toBe(resolve('.'));
  });

  it('has the data, whatever the working directory', () => {
    const before = process.cwd();
    process.chdir(tmpdir());
    try {
      expect(readConfiguration({}).dataDirectory).toBe(join(before, '.data'));
      expect(readConfiguration({ DATA_DIR: 'data' }).dataDirectory).toBe(join(before, 'data'));
      expect(readConfiguration({ DATA_DIR: '/srv/data' }).dataDirectory).toBe('/srv/data');
    } finally {
      process.chdir(before);
    }
  });
});
