import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

/** Directories of `test/` with a project of their own; everything else is `unit`. */
const OWN_PROJECT = [
  'architecture',
  'cli',
  'embedded',
  'examples',
  'faults',
  'real',
  'replay',
  'server',
  'store',
  'workflows',
];

const tests = (...directories: string[]) => directories.map((name) => `test/${name}/**/*.test.ts`);

/** One file at a time: they take the whole machine, and what they kill is timed. */
const SERIAL = { fileParallelism: false, maxWorkers: 1 };

export default defineConfig({
  resolve: {
    // What users write as `import … from 'ratchet'` is the source here, and `dist` once installed.
    alias: { ratchet: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
  },
  test: {
    pool: 'forks',
    // The tests start databases and servers of their own: more than two at a time only wait for each other.
    maxWorkers: 2,
    passWithNoTests: false,
    coverage: { include: ['src/**/*.ts'], provider: 'v8' },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: tests(...OWN_PROJECT),
          testTimeout: 20_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Real Postgres, a fresh schema for each file.
          name: 'store',
          include: tests('cli', 'examples', 'server', 'store'),
          globalSetup: ['test/support/postgres-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          // One time-skipping server a file, whose virtual time is global to it alone.
          name: 'workflow',
          include: tests('workflows'),
          testTimeout: 120_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'replay',
          include: tests('replay'),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'architecture',
          include: tests('architecture'),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          // Real servers, killed and started again.
          name: 'real',
          include: tests('embedded', 'faults', 'real'),
          testTimeout: 300_000,
          hookTimeout: 600_000,
          ...SERIAL,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
