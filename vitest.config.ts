import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

import { LongestFirst } from './test/support/sequencer.js';

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

export default defineConfig({
  resolve: {
    // What users write as `import … from 'ratchet'` is the source here, and `dist` once installed.
    alias: { ratchet: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
  },
  test: {
    pool: 'forks',
    // All projects share these: while one file waits for a server that was killed, two others compute.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    passWithNoTests: false,
    coverage: { include: ['src/**/*.ts'], provider: 'v8' },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: tests(...OWN_PROJECT),
          // Functions without a state: a process of its own for each file would cost more than most of them.
          isolate: false,
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          // Real Postgres, a fresh schema for each file.
          name: 'store',
          include: tests('cli', 'examples', 'server', 'store'),
          // What they share is a pool of their own database, which each closes.
          isolate: false,
          globalSetup: ['test/support/postgres-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
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
        },
      },
      {
        extends: true,
        test: {
          name: 'replay',
          include: tests('replay'),
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'architecture',
          include: tests('architecture'),
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          // Real servers, a home of its own for each file, killed and started again.
          name: 'real',
          include: tests('embedded', 'faults', 'real'),
          testTimeout: 420_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
