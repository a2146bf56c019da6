/**
 * The arrows of the house: main, compose, roles -> domains -> media, db, ports -> contracts. A domain is called by its
 * index.ts alone.
 */
const domains =
  'accounts|billing|channels|clips|library|live|moderation|notifications|retention|revocations|search|analytics|transcode|demo'
const tests = '\\.(test|case)\\.ts$|^test/|/testing(\\.ts$|/)'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one noun, or the third that both need is missing.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import of what is not there.',
      severity: 'error',
      from: { pathNot: '^web/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'contracts-stand-alone',
      comment: 'Every part imports the contracts, so they import nothing but what describes data.',
      severity: 'error',
      from: { path: '^edge/contracts/', pathNot: tests },
      to: { pathNot: '^edge/contracts/|node_modules/(zod|@bufbuild/protobuf|@hono/zod-openapi)/' },
    },
    {
      name: 'edge-without-node',
      comment: 'The edge runs on Deno and on Workers: web-standard APIs only.',
      severity: 'error',
      from: { path: '^edge/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'edge-without-the-rest',
      comment: 'The edge talks to what is behind it over HTTP and RPC.',
      severity: 'error',
      from: { path: '^edge/', pathNot: tests },
      to: { path: '^(origin|web|db|test|infra)/' },
    },
    {
      name: 'domains-by-their-index',
      comment: "A domain's insides are its own.",
      severity: 'error',
      from: { path: `^origin/(${domains})/`, pathNot: tests },
      to: { path: `^origin/(${domains})/`, pathNot: [`^origin/$1/`, '/index\\.ts$'] },
    },
    {
      name: 'domains-below-roles',
      comment: 'Arrows only go down: a domain knows no role, no process table and no picking of adapters.',
      severity: 'error',
      from: { path: `^origin/(${domains})/`, pathNot: tests },
      to: { path: '^origin/(roles|supervisor)/|^origin/(main|compose|compose-blobs|role-process)\\.ts$' },
    },
    {
      name: 'core-below-domains',
      comment: 'Media, ports and db serve the domains and know none of them.',
      severity: 'error',
      from: { path: '^origin/(media|ports)/|^db/', pathNot: tests },
      to: { path: `^origin/(${domains}|roles|supervisor|api)/|^origin/(main|compose|compose-blobs)\\.ts$` },
    },
    {
      name: 'db-below-origin',
      comment: 'The database is used by origin, not the other way round.',
      severity: 'error',
      from: { path: '^db/', pathNot: tests },
      to: { path: '^(origin|edge/src|web)/' },
    },
    {
      name: 'origin-behind-the-edge',
      comment: 'Origin and edge share contracts, nothing else; pages are only reached by HTTP.',
      severity: 'error',
      from: { path: '^origin/', pathNot: tests },
      to: { path: '^(edge/src|web|test|infra)/' },
    },
    {
      name: 'web-by-api',
      comment:
        'Pages talk to origin over its API. Their server shares the frame of every process, nothing else.',
      severity: 'error',
      from: { path: '^web/', pathNot: tests },
      to: {
        path: '^(origin|db|edge/src|test)/',
        pathNot: '^origin/(config|log|metrics|role|role-process)\\.ts$',
      },
    },
    {
      name: 'no-test-in-the-product',
      comment: 'What only tests need stays with the tests.',
      severity: 'error',
      from: { pathNot: tests },
      to: { path: tests },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|^edge/contracts/gen/' },
    exclude: { path: '(^|/)(build|\\.svelte-kit)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
}
