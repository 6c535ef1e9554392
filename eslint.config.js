import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const NO_DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration',
  message: 'Use a named export: a thing has one name wherever it is used (STYLE 3).',
};
const NO_ENUM = {
  selector: 'TSEnumDeclaration',
  message: 'Use a union of literals (STYLE 3).',
};

const ENVIRONMENT = [
  {
    object: 'process',
    property: 'env',
    message:
      'Only src/config.ts reads the environment (STYLE 4); take what you need as an argument.',
  },
];

/** The domain is a pure function of its arguments. */
const CLOCK_AND_CHANCE = [
  { object: 'Date', property: 'now', message: 'Take the instant as an argument.' },
  { object: 'Math', property: 'random', message: 'Take a generator of domain/random.ts.' },
  { object: 'crypto', property: 'randomUUID', message: 'Take the id as an argument.' },
];

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'node_modules/']),

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // `== null` asks for null and undefined at once.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-debugger': 'error',
      'no-control-regex': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      // `import { type A }` alone would still load the module.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT, NO_ENUM],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],

      // Where strictTypeChecked costs clarity:
      // a number in a template string has one obvious reading;
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `(x) => void list.push(x)` and `() => log(x)` say what they do;
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      // `async` without `await` turns a throw into a rejection, which callers of a Promise rely on;
      '@typescript-eslint/require-await': 'off',
      // `while (true)` is the plain way to write a loop that ends inside;
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // a parameter that an interface demands is named with a leading underscore.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },

  {
    files: ['src/**/*.ts'],
    ignores: ['src/config.ts'],
    rules: { 'no-restricted-properties': ['error', ...ENVIRONMENT] },
  },
  {
    // Only contracts turn what was parsed into a branded type; `as const` is no assertion.
    files: ['src/**/*.ts'],
    ignores: ['src/contracts/**'],
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
    },
  },
  {
    // There a type parameter in the result alone names what parsing minted.
    files: ['src/contracts/**/*.ts'],
    rules: { '@typescript-eslint/no-unnecessary-type-parameters': 'off' },
  },
  {
    files: ['src/cli/**/*.ts'],
    rules: { 'no-console': 'off' },
  },

  {
    files: ['src/domain/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', ...ENVIRONMENT, ...CLOCK_AND_CHANCE],
      'no-restricted-globals': [
        'error',
        'process',
        'Buffer',
        'crypto',
        'fetch',
        'performance',
        'setTimeout',
        'setInterval',
        'setImmediate',
      ],
      'no-restricted-syntax': [
        'error',
        NO_DEFAULT_EXPORT,
        NO_ENUM,
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'Take the instant as an argument.',
        },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^[^.]',
              message: 'The domain imports nothing outside src/domain (STYLE 2).',
            },
            {
              regex:
                '^(\\.\\./)+(activities|bench|cli|client|contracts|embedded|model|security|server|store|telemetry|tools|workflows)/',
              message: 'The domain imports nothing outside src/domain (STYLE 2).',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/workflows/**/*.ts'],
    rules: {
      // A handler changes between two awaits what the compiler has narrowed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              // Typed search attributes are exported by @temporalio/common alone.
              regex: '^(?!\\.|@temporalio/(workflow|common)$)',
              allowTypeImports: true,
              message:
                'Workflows import values from src/domain and @temporalio/workflow only; use `import type` (STYLE 2).',
            },
            {
              regex:
                '^(\\.\\./)+(activities|bench|cli|client|config|contracts|embedded|model|security|server|store|telemetry|tools)(/|\\.js$)',
              allowTypeImports: true,
              message:
                'Workflows import values from src/domain and @temporalio/workflow only; use `import type` (STYLE 2).',
            },
          ],
        },
      ],
    },
  },

  {
    files: ['test/**/*.ts'],
    rules: {
      // Matchers such as `expect.objectContaining` are typed `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // `vi.fn` and `expect(store.method)` hand methods around on purpose.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Examples print what they did; a configuration file is read through its default export.
    files: ['examples/**/*.ts', '*.config.ts', '**/ratchet.config.ts'],
    rules: {
      'no-console': 'off',
      'no-restricted-syntax': ['error', NO_ENUM],
    },
  },

  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'AbortController',
          'AbortSignal',
          'Buffer',
          'URL',
          'clearInterval',
          'clearTimeout',
          'console',
          'fetch',
          'module',
          'process',
          'setInterval',
          'setTimeout',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { eqeqeq: 'error', 'no-undef': 'error', 'no-unused-vars': 'error' },
  },
  {
    // Served as they are to a browser.
    files: ['src/server/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['document', 'window', 'location', 'EventSource', 'history', 'uPlot', 'navigator'].map(
          (name) => [name, 'readonly'],
        ),
      ),
    },
  },
);
