// The rules for imports. `npm run lint:dependencies` checks them.

const SPEC = '\\.(spec|contract)\\.ts$';
const EXAMPLES = '^libs/[^/]+/examples/';
const ORDERS = '^apps/mes-api/src/orders';
/** The domain of the orders. */
const DOMAIN = `${ORDERS}/(order|order-status|order-errors|order-events|order-change|order-history|order-figures)\\.ts$`;
/** The files of the API that may use TypeORM and pg. */
const SQL =
  `${ORDERS}/(repository/|orders\\.module\\.ts$|cursor-codec\\.ts$)|` +
  '^apps/mes-api/src/(app\\.module\\.ts$|commands/sample/|database-errors/|backplane/postgres-notifications\\.ts$|events-stream/event-(log|pruning)\\.ts$|observability/database\\.metrics\\.ts$)';
const REDIS_CLIENTS = '^node_modules/(redis|@redis|ioredis|cache-manager-redis-yet)(/|$)';
const DATABASE_CLIENTS = '^node_modules/(typeorm|@nestjs/typeorm|pg|pg-[^/]+)(/|$)';
const HTTP = '^node_modules/(fastify|@fastify|@nestjs/platform-fastify|@nestjs/swagger)(/|$)';

/** The folders and files directly below each directory, from top to bottom. Each imports only from those after it. */
const LAYERS = {
  'apps/mes-api/src': [
    'main.ts',
    'serve.ts',
    'commands',
    'application.ts',
    'app.module.ts',
    'admission',
    'observability',
    'cache-administration',
    'page',
    'health',
    'dashboard',
    'events-stream',
    'orders',
    'rate-limits',
    'auth',
    'openapi',
    'shutdown',
    'workers',
    'backplane',
    'http',
    'validation',
    'problem-details',
    'database-errors',
    'config',
  ],
  'apps/mes-web/src': [
    'main.tsx',
    'app.tsx',
    'app.css',
    'board',
    'queue',
    'my-work',
    'order',
    'dashboard',
    'orders',
    'live',
    'session',
    'shell',
    'api',
    'language',
    'storage.ts',
    'base-path.ts',
  ],
  // Settings and events stand beside the folders that read and write with them.
  'libs/cache/src': [
    'index.ts',
    'cache.module.ts',
    'cache.health.ts',
    'http',
    'tagged-cache.ts',
    'write',
    'redis',
    'read',
    'entries',
    'versions',
    'cache.options.ts',
    'cache.events.ts',
    'cache.tracer.ts',
    'flow',
  ],
};

/** Two rules for a directory and one for each of its layers but the first. */
function rulesOf([directory, layers]) {
  const patternOf = (names) => `^${directory}/(${names.map((name) => name.replace('.', '\\.')).join('|')})(/|$)`;
  const unlisted = `^${directory}/(?!(${layers.map((name) => name.replace('.', '\\.')).join('|')})(/|$))`;
  const comment = 'Every folder and file stands in the table LAYERS.';
  return [
    { name: `${directory}: unlisted`, comment, severity: 'error', from: { path: unlisted, pathNot: SPEC }, to: {} },
    { name: `${directory}: unlisted`, comment, severity: 'error', from: {}, to: { path: unlisted } },
    ...layers.slice(1).map((name, i) => ({
      name: `${directory}/${name} imports no layer above it`,
      comment: 'Arrows run down only: what two folders need stands in a third below both.',
      severity: 'error',
      from: { path: patternOf([name]), pathNot: SPEC },
      to: { path: patternOf(layers.slice(0, i + 1)) },
    })),
  ];
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(LAYERS).flatMap(rulesOf),
    {
      name: 'no-cycles',
      comment: 'Files that import each other can only be understood and replaced together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'only-declared-packages',
      comment: 'A transitive dependency may disappear with the next version of another package.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'only-packages-of-production',
      comment:
        'Development packages are not installed in production. Types and the sources of the page are not needed there.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: `${SPEC}|${EXAMPLES}|^apps/mes-web/` },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: `${SPEC}|${EXAMPLES}` },
      to: { path: `^test/|${SPEC}` },
    },
    {
      name: 'libraries-know-no-application',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'the-page-knows-the-api-by-its-document',
      comment: 'The page uses only the client that is generated from the OpenAPI document.',
      severity: 'error',
      from: { path: '^apps/mes-web/', pathNot: SPEC },
      to: { path: '^(apps/mes-api|libs|test)/' },
    },
    {
      name: 'the-api-knows-no-page',
      severity: 'error',
      from: { path: '^(apps/mes-api|libs)/' },
      to: { path: '^apps/mes-web/' },
    },
    {
      name: 'libraries-are-independent',
      comment: 'The cache knows nothing of databases, and the database knows nothing of caches.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: SPEC },
      to: { path: '^libs/', pathNot: '^libs/$1/' },
    },
    {
      name: 'the-cache-knows-no-database',
      severity: 'error',
      from: { path: '^libs/cache/' },
      to: { path: DATABASE_CLIENTS },
    },
    {
      name: 'libraries-have-one-entry-point',
      comment: 'Applications use only the exports of index.ts.',
      severity: 'error',
      from: { path: '^apps/', pathNot: SPEC },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'redis-in-one-place',
      comment: 'The other code knows only tags and keys, so that the store can be replaced.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/cache/src/redis/' },
      to: { path: REDIS_CLIENTS },
    },
    {
      name: 'redis-behind-the-version-store',
      comment: 'The module of the cache chooses the store.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/cache/src/(redis/|cache\\.module\\.ts$|index\\.ts$)' },
      to: { path: '^libs/cache/src/redis/' },
    },
    {
      name: 'the-domain-is-pure',
      comment: 'The domain imports neither Nest, TypeORM nor HTTP, and no other layer.',
      severity: 'error',
      from: { path: DOMAIN, pathNot: SPEC },
      to: { pathNot: DOMAIN },
    },
    {
      name: 'controllers-ask-services',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: `/repository/|${DATABASE_CLIENTS}` },
    },
    {
      name: 'services-ask-the-port',
      comment: 'The module chooses the repository and adds the cache.',
      severity: 'error',
      from: { path: `${ORDERS}/[^/]+\\.service\\.ts$` },
      to: { path: `/repository/(?!orders\\.repository\\.ts$)|/caching/|^libs/cache/|${DATABASE_CLIENTS}` },
    },
    {
      name: 'services-know-no-http',
      severity: 'error',
      from: { path: '\\.service\\.ts$' },
      to: { path: `\\.controller\\.ts$|${ORDERS}/dto/|${HTTP}` },
    },
    {
      name: 'sql-in-few-places',
      comment: 'SQL on the orders stands in their repository, SQL on the events in their log.',
      severity: 'error',
      from: { path: '^apps/mes-api/src/', pathNot: `${SQL}|${SPEC}` },
      to: { path: DATABASE_CLIENTS },
    },
    {
      name: 'the-port-is-no-adapter',
      severity: 'error',
      from: { path: `${ORDERS}/repository/orders\\.repository\\.ts$` },
      to: { pathNot: DOMAIN },
    },
    {
      name: 'repositories-know-no-layer-above',
      severity: 'error',
      from: { path: `${ORDERS}/repository/`, pathNot: SPEC },
      to: { path: `\\.(controller|service)\\.ts$|${ORDERS}/dto/|${HTTP}` },
    },
    {
      name: 'orders-are-asked-by-their-service',
      comment: 'Other features use the service of the orders, not their storage.',
      severity: 'error',
      from: { path: '^apps/mes-api/src/(?!orders/)', pathNot: SPEC },
      to: { path: `${ORDERS}/repository/` },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^libs/[^/]+/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'require', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json', '.css', '.d.ts'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
