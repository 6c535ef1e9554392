/**
 * The arrows of the source tree:
 *
 *     domain <- contracts <- activities <- store, model, tools <- worker, cli, server, bench
 *     domain <- workflows (types of everything else)           <- worker, cli, server, bench
 *
 * security (codec, redaction, tokens), telemetry, embedded and client stand beside the row of store,
 * model and tools: they build on contracts and may be used from activities upwards as listed below.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */

/** A rule of the form "from here, of our own source, only these directories". */
function only(name, from, allowed, comment) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from },
    to: { path: '^src/', pathNot: allowed },
  };
}

const PURE = '^src/(domain|contracts)/';
const ENTRY_POINTS = '^src/(worker\\.ts$|cli/|server/|bench/)';

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one idea, or hide a third one.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-resolvable',
      comment: 'An import that leads nowhere fails at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'only-declared-packages',
      comment: 'What runs must be in dependencies, not come along by chance.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'source-knows-no-tests',
      comment: 'Arrows point from tests and examples to the source, never back.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts|examples)/' },
    },

    {
      name: 'domain-is-pure',
      comment: 'domain imports nothing outside domain: no clock, no chance, no I/O, no zod.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    only(
      'contracts-know-domain-alone',
      '^src/contracts/',
      '^src/(domain|contracts)/',
      'contracts are zod schemas of what crosses a boundary, minting the types of domain.',
    ),
    {
      name: 'contracts-do-no-io',
      comment:
        'Parsing needs zod and comparison by value; digests need a hash and one form of JSON.',
      severity: 'error',
      from: { path: '^src/contracts/' },
      to: {
        dependencyTypes: ['core', 'npm'],
        pathNot: 'node_modules/(zod|canonicalize)/|^(node:)?(crypto|util)$',
      },
    },
    {
      name: 'workflows-run-domain-alone',
      comment:
        'A workflow replays: of values it imports domain, its own files and @temporalio/workflow. ' +
        'Typed search attributes are exported by @temporalio/common alone, which that is made of.',
      severity: 'error',
      from: { path: '^src/(bench/)?workflows/' },
      to: {
        dependencyTypesNot: ['type-only'],
        pathNot: [
          '^src/(domain|(bench/)?workflows)/',
          'node_modules/@temporalio/(workflow|common)/',
        ],
      },
    },
    only(
      'workflows-know-types-of-activities',
      '^src/workflows/',
      '^src/(domain|contracts|workflows|activities)/',
      'Workflows know of the rest only what activities and contracts declare.',
    ),
    only(
      'activities-declare-what-they-need',
      '^src/activities/',
      '^src/(domain|contracts|activities|security|telemetry)/|^src/workflows/messages\\.ts$',
      'Activities take interfaces; store, model and tools implement them.',
    ),
    only(
      'store-knows-what-it-implements',
      '^src/store/',
      '^src/(domain|contracts|activities|security|telemetry|store)/',
      'store satisfies the interfaces of activities and knows nothing of its neighbours.',
    ),
    only(
      'model-knows-what-it-implements',
      '^src/model/',
      '^src/(domain|contracts|activities|security|telemetry|model)/',
      'model satisfies the interfaces of activities and knows nothing of its neighbours.',
    ),
    only(
      'tools-know-what-they-implement',
      '^src/tools/',
      '^src/(domain|contracts|activities|security|telemetry|tools)/',
      'tools satisfy the interfaces of activities and know nothing of their neighbours.',
    ),
    only(
      'security-and-telemetry-are-leaves',
      '^src/(security|telemetry)/',
      '^src/(domain|contracts|security|telemetry)/',
      'They are used from many places, so they use few.',
    ),
    only(
      'embedded-stands-alone',
      '^src/embedded/',
      '^src/(domain|contracts|embedded)/',
      'The launchers start servers; what is stored there is not their business.',
    ),
    only(
      'client-knows-messages',
      '^src/client/',
      '^src/(domain|contracts|activities|client|workflows)/',
      'A client talks to workflows through their messages and types.',
    ),
    {
      name: 'workflows-are-started-by-name',
      comment:
        'Outside the bundle a workflow is its type, its messages, its memo and its search attributes.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(bench/)?workflows/' },
      to: {
        path: '^src/workflows/',
        pathNot: '^src/workflows/(messages|page-memo|search-attributes)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'entry-points-are-the-top',
      comment: 'Only an entry point may import another one.',
      severity: 'error',
      from: { path: '^src/', pathNot: ENTRY_POINTS },
      to: { path: ENTRY_POINTS },
    },
    {
      name: 'configuration-is-read-at-the-top',
      comment: 'Only entry points read the environment; everybody else is given what they need.',
      severity: 'error',
      from: { path: '^src/', pathNot: [ENTRY_POINTS, '^src/config\\.ts$', '^src/index\\.ts$'] },
      to: { path: '^src/config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    only(
      'configuration-builds-on-contracts',
      '^src/config\\.ts$',
      PURE,
      'config.ts parses; it opens nothing.',
    ),
    {
      name: 'the-package-root-opens-nothing',
      comment:
        'Whoever imports ratchet to define an agent gets no database, server or Temporal core.',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(domain|contracts|client|config\\.ts$)' },
    },

    {
      name: 'postgres-in-store',
      comment:
        'SQL is written in store; examples and the launcher speak to databases of their own.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(store|embedded|cli|worker\\.ts$|bench|server)' },
      to: { path: 'node_modules/pg/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'openai-in-model',
      comment: 'One place knows how a model is called.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/model/' },
      to: { path: 'node_modules/openai/', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
    skipAnalysisNotInRules: true,
  },
};
