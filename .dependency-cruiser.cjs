// The direction of imports. Each rule is an error; the numbers are those of the architecture's list.
const CORE =
  'services|deployments|secrets|maintenance|monitoring|metrics|logs|incidents|postmortems|status|performance|business';
const SUPPORTING = 'auth|audit|runs|schedules|notifications|views';
/** Tests, and suites that several tests run. */
const TEST = '(\\.test|-suite)\\.tsx?$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: '1-server-knows-no-pages',
      comment: 'The server imports neither the pages nor React.',
      severity: 'error',
      from: { path: '^server/', pathNot: TEST },
      to: { path: ['^app/', 'node_modules/(react|react-dom|@remix-run/react|radix-ui)/'] },
    },
    {
      name: '2-prisma-stays-in-the-server',
      comment: 'Pages ask queries and commands.',
      severity: 'error',
      from: { path: '^app/' },
      to: {
        path: ['^server/platform/generated/', 'node_modules/(@prisma|pg)/', '^server/platform/db\\.ts$'],
      },
    },
    {
      name: '3-browser-files-import-contracts',
      comment: 'Outside routes and server glue, pages import of the server only contract.ts.',
      severity: 'error',
      from: {
        path: '^app/',
        pathNot: ['\\.route\\.tsx?$', '^app/root\\.tsx$', '^app/http/', '\\.server\\.tsx?$', TEST],
      },
      to: { path: '^server/', pathNot: ['/contract\\.ts$'] },
    },
    {
      name: '4-routes-use-contracts-commands-queries',
      comment:
        'A route imports of a domain its contract, commands and queries; server/http is its own side of the web.',
      severity: 'error',
      from: { path: ['\\.route\\.tsx?$', '^app/root\\.tsx$'] },
      to: {
        path: '^server/',
        pathNot: [
          '/(contract|commands|queries)\\.ts$',
          '/(commands|queries)/',
          '^server/http/',
          '^server/platform/(errors|context)\\.ts$',
        ],
      },
    },
    {
      name: '5-contract-and-state-are-pure',
      comment: 'contract.ts and state.ts do no I/O.',
      severity: 'error',
      from: { path: '^server/.*/(contract|state)\\.ts$' },
      to: {
        pathNot: [
          '/(contract|state)\\.ts$',
          '^server/platform/(errors|events-contract)\\.ts$',
          // Hashing, canonical text and reckoning with times are pure.
          '^(node:)?crypto$',
          'node_modules/(zod|date-fns|safe-stable-stringify|croner)/',
        ],
      },
    },
    {
      name: '6-platform-knows-no-domain',
      severity: 'error',
      from: { path: '^server/platform/', pathNot: TEST },
      to: { path: '^server/(?!platform/)' },
    },
    {
      name: '7a-supporting-domains-know-no-core-domain',
      severity: 'error',
      from: { path: `^server/(${SUPPORTING})/`, pathNot: TEST },
      to: { path: `^server/(${CORE})/` },
    },
    {
      name: '7b-core-domains-meet-at-contracts-and-queries',
      comment:
        'A core domain reaches another through its contract and queries; what else it causes goes by an event.',
      severity: 'error',
      from: { path: `^server/(${CORE})/`, pathNot: TEST },
      to: {
        path: `^server/(${CORE})/`,
        // services/config.ts is the type of what people configure, read by every domain.
        pathNot: ['^server/$1/', '/(contract|queries)\\.ts$', '/queries/', '^server/services/config\\.ts$'],
      },
    },
    {
      name: '7c-domains-know-no-process',
      comment:
        'Entry points, HTTP and the CLI use domains, never the other way; bootstrap.ts alone wires them.',
      severity: 'error',
      from: { path: `^server/(${CORE}|${SUPPORTING}|platform)/`, pathNot: TEST },
      to: { path: '^server/(http|cli|testing|[^/]+\\.ts$)' },
    },
    {
      name: '8-routes-are-leaves',
      comment: 'Only routes.ts names a route file.',
      severity: 'error',
      from: { pathNot: ['^app/routes\\.ts$', TEST] },
      to: { path: '\\.route\\.tsx?$' },
    },
    {
      name: '9a-no-cycles',
      comment: 'Not even of types alone: two files that need each other are one.',
      severity: 'error',
      from: { pathNot: '^server/platform/generated/' },
      to: { circular: true },
    },
    {
      name: '9b-no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          TEST,
          '\\.d\\.m?ts$',
          '\\.route\\.tsx?$',
          '^app/(routes|entry\\.(client|server)|root)\\.tsx?$',
          '\\.mjs$',
          '^server/platform/generated/',
        ],
      },
      to: {},
    },
    {
      name: '9c-no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: ['^virtual:'] },
    },
    {
      name: 'tests-stay-out-of-the-product',
      severity: 'error',
      from: { path: '^(server|app)/', pathNot: [TEST, '^server/testing/', '^server/cli/(test|bench)/'] },
      to: { path: ['^server/testing/', TEST, 'node_modules/(vitest|@playwright)/'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^server/platform/generated/'] },
    exclude: { path: ['^build/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      mainFields: ['module', 'main', 'types'],
      conditionNames: ['import', 'default', 'types', 'node'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.d.ts'],
    },
  },
};
