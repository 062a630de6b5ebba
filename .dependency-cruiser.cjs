/** The rules of dependence: who may import whom. */
const DOMAIN = '^apps/mes-api/src/orders/(order|order-status|order-history|order-errors|visibility)\\.ts$|^apps/mes-api/src/orders/events/';
const TESTS = '\\.(spec|contract)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'What needs each other belongs together, or one of the two is in the wrong place.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'libraries-know-no-application',
      severity: 'error',
      from: { path: '^libs/', pathNot: TESTS },
      to: { path: '^apps/' },
    },
    {
      name: 'libraries-know-no-other-library',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: TESTS },
      to: { path: '^libs/', pathNot: '^libs/$1/' },
    },
    {
      name: 'libraries-are-entered-by-their-index',
      severity: 'error',
      from: { path: '^apps/', pathNot: TESTS },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'redis-is-spoken-in-one-place',
      comment: 'Everybody else names only tags and keys.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/cache/src/redis/' },
      to: { path: '^node_modules/(redis|@redis|cache-manager-redis-yet|ioredis)/' },
    },
    {
      name: 'the-domain-is-free',
      comment: 'What an order is does not depend on Nest, on TypeORM or on HTTP.',
      severity: 'error',
      from: { path: DOMAIN },
      to: { pathNot: DOMAIN },
    },
    {
      name: 'controllers-ask-services',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '/repository/|^node_modules/(typeorm|@nestjs/typeorm|pg)/' },
    },
    {
      name: 'services-know-the-port-only',
      severity: 'error',
      from: { path: '^apps/mes-api/src/orders/orders\\.service\\.ts$' },
      to: {
        path: '/repository/|/caching/|^libs/cache/|^node_modules/(typeorm|@nestjs/typeorm|pg)/',
        pathNot: '/repository/orders\\.repository\\.ts$',
      },
    },
    {
      name: 'sql-is-in-repositories',
      comment: 'Orders are read and written by their repositories alone.',
      severity: 'error',
      from: {
        path: '^apps/mes-api/src/orders/',
        pathNot: `/repository/|orders\\.module\\.ts$|cursor-codec\\.ts$|${TESTS}`,
      },
      to: { path: '^node_modules/(typeorm|@nestjs/typeorm|pg)/' },
    },
    {
      name: 'no-test-code-outside-of-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: TESTS },
      to: { path: `^test/|${TESTS}` },
    },
    {
      name: 'no-development-packages-at-run-time',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
