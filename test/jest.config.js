// A few packages ship ES modules only, and Jest on Node < 24.9 cannot require() those: they are transformed to CommonJS.
const esModulesOnly = [
  'content-disposition',
  'cookie',
  'glob',
  'minimatch',
  'path-scurry',
  'brace-expansion',
  'balanced-match',
  'lru-cache',
  'minipass',
  'p-limit',
  'yocto-queue',
];

const swc = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
};

const swcReact = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', tsx: true },
    transform: { react: { runtime: 'automatic' } },
  },
};

export default {
  rootDir: '..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{apps,libs,test}/**/*.spec.ts'],
  moduleFileExtensions: ['ts', 'tsx', 'js', 'mjs', 'cjs', 'json', 'node'],
  moduleNameMapper: {
    '^@nestjs/throttler$': '<rootDir>/test/support/throttler.js',
    '^@mes/(cache|database)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { ...swc, module: { type: 'es6' } }],
    '^.+\\.tsx$': ['@swc/jest', { ...swcReact, module: { type: 'es6' } }],
    [`/node_modules/(${esModulesOnly.join('|')})/.+\\.js$`]: [
      '@swc/jest',
      { jsc: { target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModulesOnly.join('|')})/)`],
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
  setupFiles: ['<rootDir>/test/support/silence-nest.ts'],
  maxWorkers: 2,
  // Jest does not give back all memory of a test file, and a worker that reaches its limit ends with the file it runs. This is
  // far from any limit, so such a worker is replaced between two files.
  workerIdleMemoryLimit: '1GB',
  // Tests wait for conditions, and a slow machine may take its time. Only what never comes true takes this long.
  testTimeout: 300_000,
};
